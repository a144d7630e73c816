// SPDX-License-Identifier: Apache-2.0
// `agentweave config convert`: a configuration of the Python implementation, under today's names.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace CLI {
class App;
}

namespace aw::commands {

// `upstream`: where the code of the capabilities will listen, which old files did not say.
struct ConfigConvertOptions {
  std::string file;
  std::string upstream = "http://127.0.0.1:9000";
};

void register_config_convert(CLI::App& parent, Context& context);
// Blocks on the file. Invalid when something could not be taken over: it was said on stderr.
[[nodiscard]] Result<Exit> run_config_convert(ConfigConvertOptions const& options,
                                              Context& context);

}  // namespace aw::commands
