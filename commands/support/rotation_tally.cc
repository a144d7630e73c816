// SPDX-License-Identifier: Apache-2.0
#include "commands/support/rotation_tally.h"

#include <algorithm>
#include <utility>

namespace aw::commands {

RotationTally::News RotationTally::next(Issuers const& agents, std::string const& active,
                                        std::size_t authorities) {
  News out;
  for (auto const& [agent, issuer] : agents) {
    if (authorities > 1) {
      ++meanwhile_.asked;
      meanwhile_.failed += issuer.empty() ? 1 : 0;
    }
    if (issuer.empty()) continue;
    auto& last = last_[agent];
    if (!last.empty() && last != issuer)
      out.moves.push_back({.agent = agent, .from = last, .to = issuer});
    last = issuer;
  }
  moving_ = moving_ || !out.moves.empty();
  bool const all =
      !agents.empty() && !active.empty() &&
      std::ranges::all_of(agents, [&active](auto const& one) { return one.second == active; });
  if (!moving_ || !all) return out;
  meanwhile_.agents = agents.size();
  out.settled.push_back(std::exchange(meanwhile_, {}));
  moving_ = false;
  return out;
}

}  // namespace aw::commands
