// SPDX-License-Identifier: Apache-2.0
// Hearing of each new SVID. The agent uses it by itself; the hook is for whoever wants to know.
#include "../two_agents.h"

int main() {
  using namespace agentweave;
  auto options = example::options("watcher");
  auto* const identity =
      static_cast<agentweave::testing::MockIdentityProvider*>(options.identity.get());
  options.on_svid_update = [](SvidInfo const& svid) {
    std::cout << "SVID of " << svid.spiffe_id << " until " << aw::format_rfc3339(svid.not_after)
              << '\n';
  };
  auto const agent = example::must(SecureAgent::make(std::move(options)));
  example::must(agent->start());
  example::must(identity->rotate());  // SPIRE does this at half the life
  std::cout << identity->rotations() << " rotation\n";
  return agent->stop() ? 0 : 1;
}
