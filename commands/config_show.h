// SPDX-License-Identifier: Apache-2.0
// `agentweave config show`: the configuration in force: merged, defaults filled in, secrets masked.
#pragma once

#include "commands/config_options.h"

namespace aw::commands {

enum class Origins { no, yes };

struct ConfigShowOptions {
  ConfigOptions config;
  Origins origins = Origins::no;
};

// Secrets are masked in either form. Errors of config::load: what serve would refuse is not
// shown.
Result<void> run_config_show(ConfigShowOptions const& options, Context& context);
void register_config_show(CLI::App& parent, Context& context);

}  // namespace aw::commands
