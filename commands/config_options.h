// SPDX-License-Identifier: Apache-2.0
// The flags by which every command that reads a configuration names it, and the loading itself.
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/config/load.h"

namespace aw::commands {

struct ConfigOptions {
  std::string file;         // empty = the search path; "-" = standard input
  std::string environment;  // --env; empty = not given
  std::vector<std::string> overrides;
};

// CONFIG (positional), --env and --set. `environment_and_overrides` leaves the positional out.
void add_config_options(CLI::App& command, ConfigOptions& options);
void add_environment_and_overrides(CLI::App& command, ConfigOptions& options);

// Reads standard input when the file is "-". The request borrows the context's environment.
[[nodiscard]] Result<config::LoadRequest> load_request(ConfigOptions const& options,
                                                       Context& context);

// Writes every finding to stderr as `config validate` would, and returns what is left to say of a
// configuration that is not ok(): that it is not usable. Machine readable, it says all itself.
[[nodiscard]] Error told_refusal(config::Loaded const& loaded, Context& context);

// Loads, and writes every finding to stderr as `config validate` would. The error that comes back
// when it is not usable is short: what is wrong was said.
[[nodiscard]] Result<config::Loaded> load_config(ConfigOptions const& options, Context& context);

}  // namespace aw::commands
