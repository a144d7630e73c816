// SPDX-License-Identifier: Apache-2.0
// Runs the `test_*` rules of a policy and measures what they covered. Blocks while it runs; any
// thread.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/rego/ast.h"
#include "core/rego/policy.h"

namespace aw::rego {

// `skipped`: its name starts with `todo_`.
// `error`: the evaluation ended with an error. Passed is true and nothing else, as in OPA.
enum class TestState { passed, failed, error, skipped };

// One of the cases of a test whose head has variables: test_add[name].
struct TestCase {
  std::vector<std::string> path;  // the head's steps, text as it is and other values as JSON
  TestState state = TestState::failed;
};

// One `test_*` rule's run, without input.
struct TestResult {
  std::string package;  // "data.agentweave.authz_test"
  std::string name;     // "test_planner_cannot_refund"; of a second rule of that name "…#01"
  Location location;
  TestState state = TestState::failed;
  std::string message;  // of the error
  std::chrono::nanoseconds duration{0};
  std::vector<std::string> output;  // its print() lines
  std::vector<TestCase> cases;      // by path; it passes when all of them do
  std::unique_ptr<Why> why;         // of a failed test
};

// Lines are counted from 1; `percent` is of those that hold something, 100 where none do.
struct FileCoverage {
  std::string file;
  std::vector<int> covered;      // lines, ascending
  std::vector<int> not_covered;  // lines that hold an expression or a rule head and never ran
  double percent = 0;
};

struct Coverage {
  std::vector<FileCoverage> files;
  std::size_t covered_lines = 0;
  std::size_t not_covered_lines = 0;
  double percent = 0;
};

enum class CoverageMode { off, on };

struct TestOptions {
  std::string run;  // regular expression (RE2), found in "package.name"; empty = all
  CoverageMode coverage = CoverageMode::off;
  EvalOptions eval;
  Clock const* clock = nullptr;  // for durations; without one they are zero
};

// What run_tests found. `coverage` is empty unless it was asked for. A test with cases counts as
// many times as it has cases.
struct TestReport {
  std::vector<TestResult> results;  // by package, then by place in the file
  Coverage coverage;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  [[nodiscard]] std::size_t total() const { return passed + failed + errors + skipped; }
  [[nodiscard]] bool ok() const { return failed == 0 && errors == 0; }
};

// Lines of the policy, and which of them are among `places`: for tools that evaluate themselves.
// Places must be of this policy.
[[nodiscard]] Coverage coverage_of(Policy const& policy, std::span<const Place> places);
// Policy::evaluate, and where it has been: every place of a statement or head that ran.
[[nodiscard]] Outcome evaluate_covered(Policy const& policy, Query const& query, Value const& input,
                                       EvalOptions const& options, std::vector<Place>* covered);

// A pattern that is no regular expression finds nothing.
[[nodiscard]] bool is_pattern(std::string const& run);
// Runs them one after another; a test that fails or errs does not end the run. Options'
// `eval.print` is replaced: lines go to TestResult::output.
[[nodiscard]] TestReport run_tests(Policy const& policy, TestOptions const& options = {});

}  // namespace aw::rego
