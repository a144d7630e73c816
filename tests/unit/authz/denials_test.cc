// SPDX-License-Identifier: Apache-2.0
// S2's measure: of 1,000 random denials over policies of many shapes, each is explained by a rule
// and an expression, and the first change that is told makes an allow of it.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "core/authz/input.h"
#include "core/authz/interpret.h"
#include "core/authz/past.h"
#include "core/base/fs.h"
#include "core/rego/near_miss.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

namespace {

struct PolicyShape {
  char const* name;
  char const* path;
  char const* rules;
};

constexpr std::string_view kDenialData = R"({
 "allowed_callers": {"spiffe://corp.example/agent/billing":
   ["spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/auditor"]},
 "grants": {"spiffe://corp.example/agent/planner": {"invoice": true, "status": true},
            "spiffe://corp.example/agent/auditor": {"read": true}},
 "patterns": {"callers": ["spiffe://corp.example/agent/*"], "actions": ["^read", "^status$"]},
 "banned": ["spiffe://evil.example/agent/x", "spiffe://corp.example/agent/stranger"],
 "forbidden_actions": ["delete", "admin"],
 "bindings": {"spiffe://corp.example/agent/planner": ["clerk"],
              "spiffe://corp.example/agent/auditor": ["reader", "guest"],
              "spiffe://corp.example/agent/stranger": []},
 "roles": {"clerk": [{"action": "invoice", "target": "spiffe://corp.example/agent/billing"},
                     {"action": "status", "target": "spiffe://corp.example/agent/billing"}],
           "reader": [{"action": "read", "target": "spiffe://corp.example/agent/billing"}]},
 "levels": {"spiffe://corp.example/agent/planner": 3, "spiffe://corp.example/agent/auditor": 1},
 "needed": {"invoice": 3, "read": 1, "refund": 5},
 "domains": {"corp.example": {"actions": ["read", "invoice"], "max_size": 1000},
             "partner.example": {"actions": ["status"], "max_size": 10}},
 "hours": {"from": 9, "to": 18}})";

constexpr std::array kShapes = std::to_array<PolicyShape>({
    {"lists as arrays, sets and objects", "agentweave/authz/allow", R"(
allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in {"invoice", "status"}
}
allow if data.grants[input.caller_spiffe_id][input.action]
)"},
    {"globs and regular expressions", "agentweave/authz/allow", R"(
allow if {
	some pattern in data.patterns.callers
	glob.match(pattern, ["/"], input.caller_spiffe_id)
	some action in data.patterns.actions
	regex.match(action, input.action)
}
allow if {
	glob.match("spiffe://partner.example/**", ["/"], input.caller_spiffe_id)
	startswith(input.action, "status")
}
)"},
    {"negation", "agentweave/authz/allow", R"(
allow if {
	not input.caller_spiffe_id in data.banned
	not input.action in data.forbidden_actions
	input.caller_trust_domain == "corp.example"
}
)"},
    {"comprehensions", "agentweave/authz/allow", R"(
mine := {role | some role in data.bindings[input.caller_spiffe_id]}
actions contains grant.action if {
	some role in mine
	some grant in data.roles[role]
}
allow if {
	count(mine) > 0
	input.action in actions
}
)"},
    {"functions", "agentweave/authz/allow", R"(
level_of(caller) := data.levels[caller]
needed(action) := data.needed[action]
small(context) if context.payload_size < 2000
allow if {
	level_of(input.caller_spiffe_id) >= needed(input.action)
	small(input.context)
}
)"},
    {"a default and deny rules", "agentweave/authz", R"(
allow if input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
deny if input.action in data.forbidden_actions
deny if input.context.payload_size > 2500
)"},
    {"roles and grants in data", "agentweave/authz/allow", R"(
allow if {
	some role in data.bindings[input.caller_spiffe_id]
	some grant in data.roles[role]
	grant.action == input.action
	grant.target == input.callee_spiffe_id
}
)"},
    {"limits by trust domain, and every", "agentweave/authz/allow", R"(
allow if {
	domain := data.domains[input.caller_trust_domain]
	input.action in domain.actions
	input.context.payload_size <= domain.max_size
	every name in data.banned {
		name != input.caller_spiffe_id
	}
}
)"},
    {"an else, and a document as the answer", "agentweave/authz/decision", R"(
decision := {"allow": false, "reason": "banned"} if {
	input.caller_spiffe_id in data.banned
} else := {"allow": true} if {
	input.action in {"read", "status"}
} else := {"allow": true} if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action == "invoice"
} else := {"allow": false}
)"},
    {"helper rules in a chain", "agentweave/authz/allow", R"(
known if input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
harmless if input.action in ["read", "status"]
during_hours if {
	hour := time.clock(time.parse_rfc3339_ns(input.timestamp))[0]
	hour >= data.hours.from
	hour < data.hours.to
}
allow if {
	known
	harmless
	during_hours
}
)"},
});
constexpr int kOfEachShape = 100;

LoadedPolicy shaped_policy(PolicyShape const& shape, Clock const& clock) {
  testing::TempDir const directory;
  auto const write = [&directory](std::string_view name, std::string_view text) {
    REQUIRE(fs::write_file_atomic(directory / name, text, fs::Mode::private_file).ok());
  };
  std::string const head =
      std::string_view(shape.rules).contains("decision :=")
          ? "package agentweave.authz\nimport rego.v1\n"
          : "package agentweave.authz\nimport rego.v1\ndefault allow := false\n";
  write("authz.rego", head + shape.rules);
  write("data.json", kDenialData);
  auto loaded = load_policy(
      {.policy_dir = directory.path().string(), .data_files = {(directory / "data.json").string()}},
      shape.path, clock);
  REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
  return std::move(*loaded);
}

AuthzContext random_question(std::mt19937& random) {
  auto const pick = [&random](std::vector<std::string> const& from) {
    return from[random() % from.size()];
  };
  auto out =
      question(pick({"refund", "invoice", "status", "read", "delete", "admin", "status_of",
                     "other_" + std::to_string(random() % 1000)}),
               pick({"spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/auditor",
                     "spiffe://corp.example/agent/stranger", "spiffe://partner.example/agent/x",
                     "spiffe://evil.example/agent/x"}));
  if (random() % 3 == 0) out.callee = spiffe("spiffe://corp.example/agent/other");
  out.context_json = "{\"payload_size\":" + std::to_string(random() % 3000) + "}";
  out.time += std::chrono::hours(random() % 24);
  return out;
}

// What went wrong with the explanation of one denial; empty when nothing.
std::string fault_of(LoadedPolicy const& policy, AuthzContext const& asked,
                     rego::Value const& input, Explanation const& explanation, Clock const& clock) {
  if (!explanation.why) return "nothing is told";
  auto const& why = *explanation.why;
  auto const told = why.closest >= 0 ? why.closest : why.answered;
  if (told < 0) return "no rule";
  if (!explanation.decision.rule.starts_with("authz.rego:"))
    return "the rule is \"" + explanation.decision.rule + "\"";
  auto const& rule = why.rules[static_cast<std::size_t>(told)];
  // Of a rule that says no, what held; of one that would have said yes, what failed.
  auto const state = why.closest >= 0 ? rego::ExprState::failed : rego::ExprState::held;
  bool const named = std::ranges::any_of(rule.expressions, [state](auto const& one) {
    return one.state == state && one.line > 0 && !one.text.empty();
  });
  if (!named) return "no expression";
  if (why.near_misses.empty()) return "no change";
  auto const& first = why.near_misses.front();
  auto const then = rego::apply(first, {.input = input, .data = policy.policy->data()});
  auto const outcome = policy.policy->evaluate(
      policy.query, then.input, {.now = asked.time, .clock = &clock, .data = then.data});
  if (outcome.ok() && interpret_result(outcome.value).allowed()) return {};
  return "does not flip it: " + first.text;
}

}  // namespace

TEST_CASE(
    "1,000 random denials over ten shapes of policy are explained, and their first change flips "
    "them") {
  Bench const bench;
  std::mt19937 random(20261128);
  int denied = 0;
  for (auto const& shape : kShapes) {
    CAPTURE(std::string(shape.name));
    auto const written = shaped_policy(shape, bench.clock);
    auto const policy = *read_policy_document(policy_document(written, shape.path), written.digest);
    int of_this = 0;
    for (int tries = 0; of_this < kOfEachShape; ++tries) {
      REQUIRE(tries < 20 * kOfEachShape);
      auto const asked = random_question(random);
      auto const input = opa_input(asked);
      auto const explanation = explain_again(policy, input, asked.time, bench.clock);
      if (explanation.decision.allowed()) continue;
      ++of_this;
      CAPTURE(input.to_json());
      CHECK(fault_of(policy, asked, input, explanation, bench.clock) == "");
    }
    denied += of_this;
  }
  CHECK(denied == 1000);
}
