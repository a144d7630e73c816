// SPDX-License-Identifier: Apache-2.0
// Short ways to ask a policy something.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/rego/parser.h"
#include "core/rego/policy.h"

namespace aw::rego::test {

inline std::shared_ptr<const Policy> policy_of(std::string_view text,
                                               std::string_view data = "{}") {
  std::vector<Source> sources = {{"p.rego", std::string(text)}};
  auto base = parse_json(data);
  REQUIRE(base.ok());
  std::vector<Diagnostic> faults;
  auto policy = compile(sources, *base, {}, &faults);
  for (Diagnostic const& fault : faults) MESSAGE(fault.text());
  REQUIRE(policy.ok());
  return *policy;
}

inline Outcome ask(Policy const& policy, std::string_view query, std::string_view input = "",
                   EvalOptions const& options = {}) {
  auto prepared = policy.prepare(query);
  if (!prepared.ok()) MESSAGE(prepared.error().text());
  REQUIRE(prepared.ok());
  Value given;
  if (!input.empty()) {
    auto parsed = parse_value(input);
    REQUIRE(parsed.ok());
    given = *parsed;
  }
  return policy.evaluate(*prepared, given, options);
}

// The document `data.p.x` of a module whose package is p, as Rego text; "undefined"; or the error.
inline std::string x_of(std::string_view rules, std::string_view input = "",
                        std::string_view data = "{}") {
  auto policy = policy_of("package p\n" + std::string(rules), data);
  Outcome outcome = ask(*policy, "data.p.x", input);
  return outcome.ok() ? outcome.value.to_text() : outcome.error->text();
}

inline std::vector<Diagnostic> faults_of(std::string_view text,
                                         CompileOptions const& options = {}) {
  std::vector<Source> sources = {{"p.rego", std::string(text)}};
  std::vector<Diagnostic> faults;
  auto policy = compile(sources, {}, options, &faults);
  CHECK_FALSE(policy.ok());
  return faults;
}

}  // namespace aw::rego::test
