// SPDX-License-Identifier: Apache-2.0
// `agentweave config validate` (and `agentweave validate`): the CI gate. The same loader as
// `serve`.
#pragma once

#include <string>
#include <vector>

#include "commands/config_options.h"

namespace aw::commands {

enum class WarningPolicy { tell, fail };

// `formats` as parse_formats takes it.
struct ConfigValidateOptions {
  std::vector<std::string> files;  // none = the search path; "-" = standard input
  ConfigOptions config;            // its file is not used
  std::string policy_dir;
  std::string formats = "text";
  WarningPolicy warnings = WarningPolicy::tell;
};

// Exit::invalid when any file is not usable, or a policy does not compile or pass its tests.
Result<Exit> run_config_validate(ConfigValidateOptions const& options, Context& context);
void register_config_validate(CLI::App& parent, Context& context);
void register_validate(CLI::App& parent, Context& context);

}  // namespace aw::commands
