// SPDX-License-Identifier: Apache-2.0
// rego_differ: the engine as a filter, for holding it against OPA.
//
// Reads a question a line, {"modules": [text…], "data", "input", "query", "strict",
// "strict_errors"}, and answers each with a line: {"faults": [[code, line, column, message]…]} when
// the modules do not compile, {"error": code, "message"}, {"result": value}, or {} for undefined.
#include <iostream>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/rego/policy.h"

namespace {

using aw::rego::Value;

Value answer_faults(std::vector<aw::rego::Diagnostic> const& faults) {
  std::vector<Value> rows;
  for (auto const& fault : faults) {
    rows.push_back(Value::array({Value::string(fault.code), Value::number(fault.line),
                                 Value::number(fault.column), Value::string(fault.message)}));
  }
  return Value::object({{"faults", Value::array(std::move(rows))}});
}

Value answer(Value const& question, aw::Clock const& clock) {
  std::vector<aw::rego::Source> sources;
  for (Value const& module : question.get("modules").items()) {
    sources.push_back(
        {"test-" + std::to_string(sources.size()) + ".rego", std::string(module.as_string())});
  }
  aw::rego::CompileOptions compile_options;
  if (question.get("strict").is_true()) {
    compile_options.strictness = aw::rego::Strictness::strict;
  }
  std::vector<aw::rego::Diagnostic> faults;
  auto policy = aw::rego::compile(sources, question.get("data"), compile_options, &faults);
  if (!policy.ok()) return answer_faults(faults);
  Value query = question.get("query");
  if (!query.defined()) return answer_faults({});
  auto prepared = (*policy)->prepare(query.as_string(), &faults);
  if (!prepared.ok()) return answer_faults(faults);
  aw::rego::EvalOptions options;
  options.now = clock.now();
  options.clock = &clock;
  options.limits.time = std::chrono::seconds(10);
  if (question.get("strict_errors").is_true()) {
    options.builtin_errors = aw::rego::BuiltinErrors::strict;
  }
  auto outcome = (*policy)->evaluate(*prepared, question.get("input"), options);
  if (outcome.error) {
    return Value::object({{"error", Value::string(outcome.error->code)},
                          {"message", Value::string(outcome.error->message)}});
  }
  if (!outcome.value.defined()) return Value::object(std::vector<aw::rego::Entry>{});
  return Value::object({{"result", outcome.value}});
}

}  // namespace

int main() {
  aw::SystemClock clock;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    auto question = aw::rego::parse_json(line);
    Value said = question.ok() ? answer(*question, clock)
                               : Value::object({{"error", Value::string("unreadable")}});
    std::cout << said.to_json() << "\n" << std::flush;
  }
}
