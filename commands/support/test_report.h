// SPDX-License-Identifier: Apache-2.0
// A policy test run as people and programs read it; shared by `policy test` and `authz test`.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/policy_inputs.h"
#include "core/rego/tester.h"

namespace aw::commands {

struct TestRunOptions {
  std::string run;  // only tests whose package.name contains this
  rego::CoverageMode coverage = rego::CoverageMode::off;
  double threshold = 0;  // per cent of lines; below it the run fails
};

// --run, --coverage, --threshold. `options` outlives the tree.
void add_test_options(CLI::App& command, TestRunOptions& options);

// Compiles, runs and prints. Code::policy_test_failed, Code::threshold_met, policy_*.
[[nodiscard]] Result<void> run_policy_tests(PolicyInputs const& inputs,
                                            TestRunOptions const& options, Context& context);

}  // namespace aw::commands
