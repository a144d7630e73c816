// SPDX-License-Identifier: Apache-2.0
// `agentweave authz explain ID`: why was this decided so? `authz decisions`: what was decided
// lately?
#pragma once

#include <cstdint>
#include <string>

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace aw::commands {

// What was decided, and what policy says to the same question now, rule by rule.
struct AuthzExplainOptions {
  std::string id;  // or its first characters, when only one begins with them
  AdminOptions admin;
};
struct AuthzDecisionsOptions {
  AdminOptions admin;
  std::uint32_t most = 20;
};

Result<void> run_authz_explain(AuthzExplainOptions const& options, Context& context);
Result<void> run_authz_decisions(AuthzDecisionsOptions const& options, Context& context);
void register_authz_explain(CLI::App& parent, Context& context);
void register_authz_decisions(CLI::App& parent, Context& context);

}  // namespace aw::commands
