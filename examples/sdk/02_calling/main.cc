// SPDX-License-Identifier: Apache-2.0
// An agent that calls another agent while it answers: policy is asked at both ends, each proves who
// it is, and one trace goes through both.
#include "../two_agents.h"

namespace {

using namespace agentweave;
using example::must;

// Everybody of this trust domain may do what the shop does, and nothing else.
class Shop final : public AuthorizationProvider {
 public:
  AuthzDecision authorize(AuthzContext const& context) override {
    bool const known = context.action == "price" || context.action == "offer";
    return known ? allow("shop_business") : deny("no_business_of_the_shop");
  }
};

std::unique_ptr<SecureAgent> agent_of(std::string const& name, std::vector<std::string> more) {
  auto options = example::options(name);
  options.settings.insert(options.settings.end(), more.begin(), more.end());
  options.authorization = std::make_unique<Shop>();
  return must(SecureAgent::make(std::move(options)));
}

std::vector<std::string> knows(SecureAgent const& peer) {
  return {"peers[0].id=" + peer.spiffe_id(), "peers[0].address=" + peer.address()};
}

}  // namespace

int main() {
  auto const prices = agent_of("prices", {});
  must(prices->add_capability(
      {.name = "price",
       .description = "knows what things cost",
       .handler = [](Call const&, Progress&) -> Result<std::string> { return "42"; }}));
  must(prices->start());

  auto const seller = agent_of("seller", knows(*prices));
  must(seller->add_capability(
      {.name = "offer",
       .description = "makes an offer",
       .handler = [&seller](Call const& call, Progress& progress) -> Result<std::string> {
         progress.status("asking for the price");
         AW_TRY(auto const price, seller->call_agent("prices", "price", call.payload,
                                                     {.traceparent = call.traceparent}));
         return R"({"price":)" + price + R"(,"for":")" + call.caller + "\"}";
       }}));
  must(seller->start());

  auto const buyer = agent_of("buyer", knows(*seller));
  must(buyer->start());
  std::cout << must(buyer->call_agent("seller", "offer", R"({"thing":"lamp"})")) << '\n';
  auto const refused = buyer->call_agent("seller", "empty_the_till", "{}");
  std::cout << code_name(refused.error().code) << '\n';
  return 0;
}
