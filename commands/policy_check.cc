// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_check.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/eval_output.h"
#include "commands/support/policy_inputs.h"

namespace aw::commands {

Result<Exit> run_policy_check(PolicyCheckOptions const& options, Context& context) {
  bool const bundles = options.kind == PolicyCheckOptions::Kind::bundles;
  AW_TRY(auto const inputs,
         read_policy_paths(bundles ? PolicyPaths{.data = {}, .bundles = options.paths}
                                   : PolicyPaths{.data = options.paths, .bundles = {}}));
  std::vector<rego::Diagnostic> diagnostics;
  auto const policy =
      rego::compile(inputs.modules, inputs.data, {.strictness = options.strictness}, &diagnostics);
  if (!policy.ok() && diagnostics.empty()) return policy.error();
  json::Json data = {{"modules", inputs.modules.size()}, {"errors", json::Json::array()}};
  for (auto const& diagnostic : diagnostics) {
    data["errors"].push_back(diagnostic_json(diagnostic));
  }
  context.print("PolicyCheck", data, [&](std::ostream& out) {
    if (options.format == PolicyCheckOptions::Format::json && !diagnostics.empty()) {
      out << eval_errors(diagnostics).dump(2) << '\n';
      return;
    }
    for (auto const& diagnostic : diagnostics) out << diagnostic.text() << '\n';
  });
  if (!policy.ok()) {
    context.say(std::to_string(diagnostics.size()) +
                (diagnostics.size() == 1 ? " error" : " errors"));
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
      ->type_name("PATH")
      ->required();
  command.add_flag_callback(
      "-S,--strict", [options] { options->strictness = rego::Strictness::strict; },
      "Unused imports and variables are faults too");
  command.add_flag_callback(
      "-b,--bundle", [options] { options->kind = PolicyCheckOptions::Kind::bundles; },
      "The paths are bundles: .tar.gz files or directories");
  command
      .add_option_function<std::string>(
          "-f,--format",
          [options](std::string const& word) {
            options->format = word == "json" ? PolicyCheckOptions::Format::json
                                             : PolicyCheckOptions::Format::pretty;
          },
          "How faults are printed; json is OPA's shape")
      ->check(CLI::IsMember({"pretty", "json"}))
      ->default_str("pretty");
  on_answer(command, context, [options, &context] { return run_policy_check(*options, context); });
}

}  // namespace aw::commands
