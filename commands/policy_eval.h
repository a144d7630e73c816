// SPDX-License-Identifier: Apache-2.0
// `agentweave policy eval QUERY`: what does this query answer? With OPA's flags and output.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/rego/policy.h"

namespace aw::commands {

struct PolicyEvalOptions {
  std::string query;
  std::vector<std::string> data;  // policies and data
  std::string input;              // a file, "-" or {…}
  enum class Format { json, values, raw, pretty } format = Format::json;
  enum class Fail { never, undefined, defined } fail = Fail::never;
  enum class Explain { off, why, full } explain = Explain::off;
  rego::BuiltinErrors builtin_errors = rego::BuiltinErrors::undefined;
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
};

Result<Exit> run_policy_eval(PolicyEvalOptions const& options, Context& context);
void register_policy_eval(CLI::App& parent, Context& context);

}  // namespace aw::commands
