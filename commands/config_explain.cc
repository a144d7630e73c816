// SPDX-License-Identifier: Apache-2.0
#include "commands/config_explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/config/reference.h"
#include "core/config/variables.h"

namespace aw::commands {

Result<void> run_config_explain(ConfigExplainOptions const& options, Context& context) {
  AW_TRY(auto const facts, config::explain(options.key));
  context.print("ConfigKey", facts,
                [&facts](std::ostream& out) { out << config::explain_text(facts); });
  auto const nobodys = [](std::string_view) { return false; };
  for (auto const& one : config::misspelt_variables(config::own_variables(context.env), nobodys))
    context.say(config::render_text(one));
  return {};
}

void register_config_explain(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ConfigExplainOptions>();
  auto& group = add_group(parent, "config", "Check, explain and show configurations");
  auto& command =
      add_command(group, {.name = "explain",
                          .purpose = "Say what a setting means, takes and defaults to",
                          .examples = {"agentweave config explain server.port",
                                       "agentweave config explain authorization",
                                       "agentweave config explain replay.mode -o json"}});
  command.add_option("SETTING", options->key, "A setting or a section; none = all of them");
  on_run(command, context, [options, &context] { return run_config_explain(*options, context); });
}

}  // namespace aw::commands
