// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_test.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "commands/support/authorizer.h"
#include "commands/support/command.h"
#include "core/authz/policy_files.h"

namespace aw::commands {
namespace {

// The same finding twice in one answer helps nobody: with -o json the report says it all, and the
// exit code stands.
Result<Exit> answer(Result<Exit> const& result, Context const& context) {
  if (result.ok()) return result;
  auto const code = result.error().code;
  bool const printed = code == Code::policy_test_failed || code == Code::threshold_met;
  if (printed && context.machine_readable()) return exit_code(code);
  return result.error();
}

Result<PolicyInputs> configured_inputs(authz::Config const& config) {
  AW_TRY(auto files, authz::read_policy_files(authz::policy_location(config)));
  PolicyInputs inputs{.modules = std::move(files.modules), .data = std::move(files.data)};
  inputs.modules.insert(inputs.modules.end(), std::make_move_iterator(files.tests.begin()),
                        std::make_move_iterator(files.tests.end()));
  return inputs;
}

}  // namespace

Result<Exit> run_policy_test(PolicyTestOptions const& options, Context& context) {
  auto const& paths = options.paths;
  return run_policy_tests(
      [&paths, &options] {
        bool const bundles = options.kind == PolicyTestOptions::Kind::bundles;
        return read_policy_paths(bundles ? PolicyPaths{.data = {}, .bundles = paths}
                                         : PolicyPaths{.data = paths, .bundles = {}});
      },
      options.tests, context);
}

Result<Exit> run_authz_test(AuthzTestOptions const& options, Context& context) {
  PolicyOptions policy;
  policy.config = options.config;
  policy.environment = options.environment;
  AW_TRY(auto const source, policy_source(policy, context));
  if (!source.config.embedded()) {
    return make_error(Code::config_conflict, "the configuration asks OPA servers: no policy here",
                      "agentweave policy test PATH tests policies that are files");
  }
  if (!source.config.bundle.url.empty()) {
    return make_error(Code::config_conflict, "the policy comes from a bundle service",
                      "download it, then: agentweave policy test --bundle FILE.tar.gz");
  }
  return run_policy_tests([&source] { return configured_inputs(source.config); }, options.tests,
                          context);
}

void register_policy_test(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PolicyTestOptions>();
  auto& group = add_group(parent, "policy", "Rego tools, with OPA's flags");
  auto& command = add_command(
      group, {.name = "test",
              .purpose = "Run the tests of policies",
              .examples = {"agentweave policy test policy", "agentweave policy test -v policy",
                           "agentweave policy test --coverage --threshold 60 policy",
                           "agentweave policy test --format junit policy"},
              .details = "Exit 1 when a test fails; 6 when coverage is below --threshold.\n"});
  command.add_option("PATH", options->paths, "Files and directories of .rego, .json, .yaml")
      ->type_name("PATH")
      ->required();
  command.add_flag_callback(
      "-b,--bundle", [options] { options->kind = PolicyTestOptions::Kind::bundles; },
      "The paths are bundles: .tar.gz files or directories");
  add_test_options(command, options->tests);
  on_answer(command, context,
            [options, &context] { return answer(run_policy_test(*options, context), context); });
}

void register_authz_test(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzTestOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group, {.name = "test",
              .purpose = "Run the tests of the configured policies",
              .examples = {"agentweave authz test", "agentweave authz test --coverage -o json"}});
  command.add_option("--config", options->config, "Configuration; without it, the search path")
      ->type_name("FILE");
  command.add_option("--env", options->environment, "Environment to load it for")->type_name("ENV");
  add_test_options(command, options->tests);
  on_answer(command, context,
            [options, &context] { return answer(run_authz_test(*options, context), context); });
}

}  // namespace aw::commands
