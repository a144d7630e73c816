// SPDX-License-Identifier: Apache-2.0
// OPA's trace laid over the policies' texts: what held, what failed, what was not come to.
#include "core/authz/opa_trace.h"

#include <doctest/doctest.h>

#include "core/authz/explain.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kTracedPolicy = R"(package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller_spiffe_id]
}

allow if { business_hours; input.action != "delete" }

business_hours if {
	hour := 22
	hour < 18
}

other if input.never
)";

// As OPA 1.22 tells it, shortened by its Redo lines.
rego::Value told(std::string const& file, bool indexed = false) {
  std::vector<std::string> lines = {"query:1     Enter data.agentweave.authz = _",
                                    "query:1     | Index data.agentweave.authz.allow (matched 2 "
                                    "rules, early exit)"};
  if (!indexed) {
    for (auto const* rest :
         {":7      | Enter data.agentweave.authz.allow",
          ":8      | | Eval __local3__ = data.allowed_callers[__local2__]",
          ":8      | | Eval internal.member_2(__local1__, __local3__)",
          ":9      | | Eval __local4__ = input.action",
          ":9      | | Eval internal.member_2(__local4__, __local6__)",
          ":9      | | Fail internal.member_2(__local4__, __local6__)",
          ":8      | | Redo internal.member_2(__local1__, __local3__)",
          ":12     | Enter data.agentweave.authz.allow",
          ":12     | | Eval data.agentweave.authz.business_hours",
          ":14     | | Enter data.agentweave.authz.business_hours", ":15     | | | Eval hour = 22",
          ":16     | | | Eval lt(hour, 18)", ":16     | | | Fail lt(hour, 18)",
          ":12     | | Fail data.agentweave.authz.business_hours",
          ":5      | Enter data.agentweave.authz.allow", ":5      | | Eval true",
          ":5      | | Exit data.agentweave.authz.allow early"}) {
      lines.push_back(file + rest);
    }
  }
  std::vector<rego::Value> out;
  for (auto const& line : lines) out.push_back(rego::Value::string(line));
  return rego::Value::array(std::move(out));
}

std::string states(rego::RuleRecord const& rule) {
  std::string out;
  for (auto const& one : rule.expressions) {
    out += one.state == rego::ExprState::held     ? 'y'
           : one.state == rego::ExprState::failed ? 'n'
                                                  : '.';
  }
  return out;
}

}  // namespace

TEST_CASE("each rule that OPA tried shows how far it came, whatever OPA calls its file") {
  for (std::string const told_as :
       {"policies/authz.rego", "/policies/authz.rego", "...licies/authz.rego"}) {
    CAPTURE(told_as);
    auto const why = why_of_events(told(told_as), {{"policies/authz.rego", kTracedPolicy}});
    REQUIRE(why != nullptr);
    REQUIRE(why->rules.size() == 3);  // the default and what OPA never asked are left out
    CHECK(why->rules[0].location.line == 7);
    CHECK(states(why->rules[0]) == "yn");
    CHECK(why->rules[1].location.line == 12);
    CHECK(states(why->rules[1]) == "n.");
    CHECK(states(why->rules[2]) == "yn");
    CHECK(why->rules[1].expressions[0].asks == std::vector<int>{2});
    CHECK(why->closest == 0);
    CHECK(why->summary == "closest rule authz.rego:7 stops at line 9");
  }
}

TEST_CASE("rules that OPA's index left out are shown as not reached") {
  auto const why = why_of_events(told("authz.rego", true), {{"authz.rego", kTracedPolicy}});
  REQUIRE(why != nullptr);
  REQUIRE(why->rules.size() == 2);
  CHECK(states(why->rules[0]) == "..");
  CHECK(states(why->rules[1]) == "..");
  CHECK(why->closest == -1);
}

TEST_CASE("a rule that answered held in all its lines") {
  std::vector<rego::Value> lines;
  for (auto const* line : {"a.rego:2  | Enter data.p.allow", "a.rego:2  | | Eval x = input.x",
                           "a.rego:2  | | Exit data.p.allow early"}) {
    lines.push_back(rego::Value::string(line));
  }
  auto const why = why_of_events(rego::Value::array(lines),
                                 {{"a.rego", "package p\nallow if { x := input.x; x }\n"}});
  REQUIRE(why != nullptr);
  CHECK(why->rules[0].fired);
  CHECK(states(why->rules[0]) == "yy");
}

TEST_CASE("a trace that points nowhere gives nothing") {
  auto const good = told("authz.rego");
  CHECK(why_of_events(good, {}) == nullptr);
  CHECK(why_of_events(good, {{"other.rego", "package q\nx := 1\n"}}) == nullptr);
  CHECK(why_of_events(good, {{"authz.rego", "no rego at all {"}}) == nullptr);
  CHECK(why_of_events({}, {{"authz.rego", kTracedPolicy}}) == nullptr);
  std::vector<rego::Value> odd;
  for (auto const* line : {"", ":", "a:b:c", "x:99999999999999999999 Eval y", "authz.rego:7",
                           "authz.rego:7 ", "authz.rego:7  | | "}) {
    odd.push_back(rego::Value::string(line));
  }
  odd.push_back(rego::Value::number(7));
  CHECK(why_of_events(rego::Value::array(odd), {{"authz.rego", kTracedPolicy}}) == nullptr);
}

TEST_CASE("OPA's list of policies: those that have a text") {
  auto const answer = *rego::parse_json(
      R"({"result": [{"id": "a.rego", "raw": "package a\n", "ast": {}}, {"id": "b"}, 7]})");
  auto const policies = opa_policies(answer);
  REQUIRE(policies.size() == 1);
  CHECK(policies[0].name == "a.rego");
  CHECK(policies[0].text == "package a\n");
  CHECK(opa_policies({}).empty());
}

TEST_CASE("a person sees the lines with their marks") {
  Explanation explanation{.policy_path = "agentweave/authz"};
  explanation.decision = deny("no_matching_rule");
  explanation.why = why_of_events(told("authz.rego"), {{"authz.rego", kTracedPolicy}});
  auto const text = explanation_text(explanation);
  CAPTURE(text);
  for (auto const* part : {"\n  authz.rego\n", "     7 │ allow if {\n",
                           "data.allowed_callers[input.callee_spiffe_id]"}) {
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find(
            "8 │   input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]   ✓") !=
        std::string::npos);
  CHECK(text.find("✗ line 16:") != std::string::npos);
}
