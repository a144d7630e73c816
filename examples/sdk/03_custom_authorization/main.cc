// SPDX-License-Identifier: Apache-2.0
// Authorization of one's own: a list of callers, in place of Rego. It decides and nothing else: the
// record in the audit log, the other gates and the default to deny stay.
#include <set>

#include "../two_agents.h"

namespace {

using namespace agentweave;
using example::must;

class CustomAuthZ final : public AuthorizationProvider {
 public:
  explicit CustomAuthZ(std::set<std::string> callers) : allowed_callers_(std::move(callers)) {}
  AuthzDecision authorize(AuthzContext const& context) override {
    if (allowed_callers_.contains(context.caller.text())) return allow("custom_allowlist");
    return deny("not_in_allowlist");
  }

 private:
  std::set<std::string> const allowed_callers_;
};

std::unique_ptr<SecureAgent> agent_of(std::string const& name, std::set<std::string> callers,
                                      std::vector<std::string> more = {}) {
  auto options = example::options(name);
  options.settings.insert(options.settings.end(), more.begin(), more.end());
  options.authorization = std::make_unique<CustomAuthZ>(std::move(callers));
  return must(SecureAgent::make(std::move(options)));
}

}  // namespace

int main() {
  auto const till = agent_of("till", {"spiffe://shop.test/agent/clerk"});
  must(till->add_capability({.name = "open",
                             .description = "opens the till",
                             .handler = [](Call const&, Progress&) -> Result<std::string> {
                               return R"({"open":true})";
                             }}));
  must(till->start());
  for (std::string const name : {"clerk", "visitor"}) {
    // Outbound calls are asked about too: each may call out.
    auto const caller =
        agent_of(name, {"spiffe://shop.test/agent/" + name},
                 {"peers[0].id=" + till->spiffe_id(), "peers[0].address=" + till->address()});
    must(caller->start());
    auto const answer = caller->call_agent("till", "open", "{}");
    std::cout << name << ": " << (answer.ok() ? *answer : code_name(answer.error().code)) << '\n';
  }
  return 0;
}
