// SPDX-License-Identifier: Apache-2.0
// `agentweave authz explain ID`: why was this decided so?
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace aw::commands {

// What was decided, and why, rule by rule: by the policy of that time where it is kept, else by
// that of now.
struct AuthzExplainOptions {
  std::string id;  // or its first characters, when only one begins with them
  AdminOptions admin;
  std::string state;  // --state
};

// Code::not_found when no decision of that id is known, Code::usage when several begin so.
Result<void> run_authz_explain(AuthzExplainOptions const& options, Context& context);
void register_authz_explain(CLI::App& parent, Context& context);

}  // namespace aw::commands
