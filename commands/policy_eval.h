// SPDX-License-Identifier: Apache-2.0
// `agentweave policy eval QUERY`: what does this query answer? With OPA's flags and output.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/eval_output.h"
#include "commands/support/policy_inputs.h"
#include "core/rego/policy.h"
#include "core/rego/tester.h"

namespace aw::commands {

// `timeout` is of the evaluation alone.
struct PolicyEvalOptions {
  std::string query;
  PolicyPaths paths;
  std::string input;    // a file, "-" or {…}
  std::string package;  // --package: what a bare rule name belongs to
  EvalFormat format = EvalFormat::json;
  enum class Fail { never, undefined, defined } fail = Fail::never;
  enum class Explain { off, why, notes, fails, full } explain = Explain::off;
  rego::Strictness strictness = rego::Strictness::normal;
  rego::BuiltinErrors builtin_errors = rego::BuiltinErrors::undefined;
  rego::CoverageMode coverage = rego::CoverageMode::off;
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
};

// Exit 0; with --fail, --fail-defined: 1 as they say. Errors: policy_* and, past the timeout,
// Code::timeout.
// Errors of the policy go to stdout in OPA's shape with format json, and to stderr in any case.
// print() goes to stderr. Explain `why` says what would have made the answer true.
Result<Exit> run_policy_eval(PolicyEvalOptions const& options, Context& context);
void register_policy_eval(CLI::App& parent, Context& context);

}  // namespace aw::commands
