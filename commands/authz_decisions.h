// SPDX-License-Identifier: Apache-2.0
// `agentweave authz decisions`: what was decided lately?
#pragma once

#include <cstdint>
#include <string>

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace aw::commands {

struct AuthzDecisionsOptions {
  AdminOptions admin;
  std::string state;  // --state
  std::uint32_t most = 20;
  std::string since;     // a duration or a time
  std::string decision;  // "allow", "deny"; empty = both
  std::string caller;    // a part of it
  std::string action;
  enum class Follow { no, yes } follow = Follow::no;
};

// Newest first, as kept in the state directory, else as the admin port remembers. Following
// blocks until Ctrl-C or until nobody reads any more, looks twice a second, and begins with now
// unless --since says otherwise. Errors of recent_decisions.
Result<Exit> run_authz_decisions(AuthzDecisionsOptions const& options, Context& context);
void register_authz_decisions(CLI::App& parent, Context& context);

}  // namespace aw::commands
