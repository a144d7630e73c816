// SPDX-License-Identifier: Apache-2.0
// `agentweave explain AW3001`: what a code means and what to do about it.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace aw::commands {

struct ExplainOptions {
  std::string code;  // empty = list all
};

Result<void> run_explain(ExplainOptions const& options, Context& context);
void register_explain(CLI::App& parent, Context& context);

}  // namespace aw::commands
