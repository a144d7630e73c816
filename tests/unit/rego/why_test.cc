// SPDX-License-Identifier: Apache-2.0
// Why was it denied? The stories' examples.
#include "core/rego/near_miss.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {

namespace {
constexpr std::string_view kStory =
    "package agentweave.authz\n\ndefault allow := false\n\nallow if {\n"
    "\tinput.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]\n"
    "\tinput.action in data.actions[input.caller_spiffe_id]\n}\n\n"
    "allow if {\n\tinput.hour < 18\n\tinput.admin\n}\n";
constexpr std::string_view kData =
    R"({"allowed_callers": {"billing": ["planner"]}, "actions": {"planner": ["invoice", "status"]}})";
constexpr std::string_view kInput =
    R"({"caller_spiffe_id": "planner", "callee_spiffe_id": "billing", "action": "refund", "hour": 22})";
}  // namespace

TEST_CASE("the record shows per rule which expression held, failed and was not reached") {
  auto policy = test::policy_of(kStory, kData);
  Outcome outcome =
      test::ask(*policy, "agentweave/authz/allow", kInput, {.trace = TraceLevel::why});
  REQUIRE(outcome.ok());
  CHECK(outcome.value.is_false());
  REQUIRE(outcome.why != nullptr);
  REQUIRE(outcome.why->rules.size() == 3);
  RuleRecord const& rule = outcome.why->rules[0];
  CHECK(rule.location.line == 5);
  REQUIRE(rule.expressions.size() == 2);
  CHECK(rule.expressions[0].state == ExprState::held);
  CHECK(rule.expressions[0].line == 6);
  CHECK(rule.expressions[1].state == ExprState::failed);
  REQUIRE(rule.expressions[1].values.size() == 2);
  CHECK(rule.expressions[1].values[0].first == "input.action");
  CHECK(rule.expressions[1].values[0].second.to_text() == "\"refund\"");
  CHECK(rule.expressions[1].values[1].first == "data.actions.planner");
  CHECK(rule.expressions[1].values[1].second.to_text() == R"(["invoice", "status"])");
  CHECK(outcome.why->rules[1].expressions[0].state == ExprState::failed);
  CHECK(outcome.why->rules[1].expressions[1].state == ExprState::not_reached);
  CHECK(outcome.why->rules[2].is_default);
}

TEST_CASE("the closest rule and the smallest changes are named") {
  auto policy = test::policy_of(kStory, kData);
  Outcome outcome =
      test::ask(*policy, "agentweave/authz/allow", kInput, {.trace = TraceLevel::why});
  REQUIRE(outcome.why != nullptr);
  CHECK(outcome.why->closest == 0);
  CHECK(outcome.why->summary ==
        R"(closest rule p.rego:5 matches all but action ("invoice", "status"))");
  auto query = policy->prepare("agentweave/authz/allow");
  auto input = parse_json(kInput);
  auto const misses = find_near_misses({*policy, *query, *input, {}},
                                       [](Outcome const& other) { return other.value.is_true(); });
  REQUIRE(misses.size() >= 2);
  CHECK(misses[0].text == R"(data.actions.planner += "refund")");
  CHECK(misses[1].text == R"(action "invoice" instead of "refund")");
}

TEST_CASE("a rule that fired is told so") {
  auto policy = test::policy_of(kStory, kData);
  Outcome outcome = test::ask(
      *policy, "agentweave/authz/allow",
      R"({"caller_spiffe_id": "planner", "callee_spiffe_id": "billing", "action": "status"})",
      {.trace = TraceLevel::why});
  REQUIRE(outcome.why != nullptr);
  CHECK(outcome.value.is_true());
  CHECK(outcome.why->rules[0].fired);
  CHECK(outcome.why->rules[0].held == 2);
}

}  // namespace aw::rego
