// SPDX-License-Identifier: Apache-2.0
// `agentweave policy test PATH…`: runs the test_ rules of policies. `authz test` does the same with
// the policies of a configuration.
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/test_report.h"

namespace aw::commands {

struct PolicyTestOptions {
  std::vector<std::string> paths;
  enum class Kind { files, bundles } kind = Kind::files;
  TestRunOptions tests;
};
struct AuthzTestOptions {
  std::string config;
  std::string environment;
  TestRunOptions tests;
};

// Code::policy_test_failed, Code::threshold_met, policy_*. With --watch they block until Ctrl-C.
Result<Exit> run_policy_test(PolicyTestOptions const& options, Context& context);
// Code::config_conflict when the configuration's policy is no files here: OPA servers, a bundle.
Result<Exit> run_authz_test(AuthzTestOptions const& options, Context& context);
void register_policy_test(CLI::App& parent, Context& context);
void register_authz_test(CLI::App& parent, Context& context);

}  // namespace aw::commands
