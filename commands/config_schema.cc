// SPDX-License-Identifier: Apache-2.0
#include "commands/config_schema.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/config/reference.h"

namespace aw::commands {

// The schema itself is the product in every format: a tool reads it as it is.
Result<void> run_config_schema(Context& context) {
  context.out << config::json_schema().dump(2) << '\n';
  return {};
}

void register_config_schema(CLI::App& parent, Context& context) {
  auto& group = add_group(parent, "config", "Check, explain and show configurations");
  auto& command = add_command(
      group, {.name = "schema",
              .purpose = "Print the JSON Schema of a configuration file (draft 2020-12)",
              .examples = {"agentweave config schema > agentweave.schema.json"},
              .details = "Editors with a YAML language server take it from a first line such as\n"
                         "# yaml-language-server: $schema=agentweave.schema.json"});
  on_run(command, context, [&context] { return run_config_schema(context); });
}

}  // namespace aw::commands
