// SPDX-License-Identifier: Apache-2.0
// `agentweave config explain [SETTING]`: what a setting means, takes and defaults to.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace aw::commands {

struct ConfigExplainOptions {
  std::string key;  // a setting or a section; empty = all
};

// Code::config_unknown_key with the nearest one, Code::config_unsupported for what is refused.
Result<void> run_config_explain(ConfigExplainOptions const& options, Context& context);
void register_config_explain(CLI::App& parent, Context& context);

}  // namespace aw::commands
