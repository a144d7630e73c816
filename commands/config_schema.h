// SPDX-License-Identifier: Apache-2.0
// `agentweave config schema`: the JSON Schema of a configuration file, for editors.
#pragma once

#include "commands/support/context.h"

namespace aw::commands {

Result<void> run_config_schema(Context& context);
void register_config_schema(CLI::App& parent, Context& context);

}  // namespace aw::commands
