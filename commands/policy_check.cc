// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_check.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/policy_inputs.h"

namespace aw::commands {

Result<Exit> run_policy_check(PolicyCheckOptions const& options, Context& context) {
  AW_TRY(auto const inputs, read_policy_inputs(options.paths));
  std::vector<rego::Diagnostic> diagnostics;
  auto const policy =
      rego::compile(inputs.modules, inputs.data, {.strictness = options.strictness}, &diagnostics);
  if (!policy.ok() && diagnostics.empty()) return policy.error();
  json::Json data = {{"modules", inputs.modules.size()}, {"errors", json::Json::array()}};
  for (auto const& diagnostic : diagnostics) {
    data["errors"].push_back(diagnostic_json(diagnostic));
  }
  context.print("PolicyCheck", data, [&](std::ostream& out) {
    for (auto const& diagnostic : diagnostics) out << diagnostic.text() << '\n';
  });
  if (!policy.ok()) {
    context.say(std::to_string(diagnostics.size()) + " errors");
    return exit_code(policy.error().code);
  }
  context.say("ok: " + std::to_string(inputs.modules.size()) + " modules, " +
              std::to_string((*policy)->rule_count()) + " rules");
  return Exit::ok;
}

void register_policy_check(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PolicyCheckOptions>();
  auto& group = add_group(parent, "policy", "Rego tools, with OPA's flags");
  auto& command =
      add_command(group, {.name = "check",
                          .purpose = "Parse and compile policies, and print every fault",
                          .examples = {"agentweave policy check policy",
                                       "agentweave policy check --strict policy -o json"}});
  command.add_option("PATH", options->paths, "Files and directories of .rego, .json, .yaml")
      ->required();
  command.add_flag_callback(
      "-S,--strict", [options] { options->strictness = rego::Strictness::strict; },
      "Unused imports and variables are faults too");
  on_answer(command, context, [options, &context] { return run_policy_check(*options, context); });
}

}  // namespace aw::commands
