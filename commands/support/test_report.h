// SPDX-License-Identifier: Apache-2.0
// A policy test run as people and programs read it; shared by `policy test` and `authz test`.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "commands/support/context.h"
#include "commands/support/policy_inputs.h"
#include "core/rego/tester.h"

namespace aw::commands {

// pretty: as `opa test`; json: its JSON; junit: XML of one suite a package; github: workflow
// commands, which the forge shows beside the lines.
enum class TestFormat { pretty, json, junit, github };

struct TestRunOptions {
  std::string run;  // only tests whose package.name this regular expression is found in
  TestFormat format = TestFormat::pretty;
  rego::CoverageMode coverage = rego::CoverageMode::off;
  double threshold = 0;  // per cent of lines; below it the run fails
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // of one test
  enum class Watch { no, yes } watch = Watch::no;
};

// --run --format --coverage --threshold --timeout --watch. `options` outlives the tree.
void add_test_options(CLI::App& command, TestRunOptions& options);

// Compiles, runs and prints. Code::policy_test_failed, Code::threshold_met, policy_*.
[[nodiscard]] Result<void> run_policy_tests(PolicyInputs const& inputs,
                                            TestRunOptions const& options, Context& context);

// The same, again whenever what `read` gives changes, until interrupted (with --watch).
using ReadInputs = std::function<Result<PolicyInputs>()>;
[[nodiscard]] Result<Exit> run_policy_tests(ReadInputs const& read, TestRunOptions const& options,
                                            Context& context);

}  // namespace aw::commands
