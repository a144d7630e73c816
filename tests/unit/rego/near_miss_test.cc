// SPDX-License-Identifier: Apache-2.0
// What is said to flip a decision flips it: over made policies, and case by case.
#include "core/rego/near_miss.h"

#include <algorithm>
#include <random>

#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

bool allows(Outcome const& outcome) { return outcome.ok() && outcome.value.is_true(); }

struct Asked {
  std::shared_ptr<const Policy> policy;
  Query query;
  Value input;

  Asked(std::string_view text, std::string_view data, std::string_view given)
      : policy(test::policy_of(text, data)) {
    auto prepared = policy->prepare("authz/allow");
    REQUIRE(prepared.ok());
    query = *prepared;
    input = *parse_json(given);
  }
  [[nodiscard]] Outcome evaluate(TraceLevel trace = TraceLevel::off) const {
    return policy->evaluate(query, input, {.trace = trace});
  }
  [[nodiscard]] std::vector<NearMiss> misses() const {
    return find_near_misses({*policy, query, input, {}}, allows);
  }
  [[nodiscard]] bool flips(NearMiss const& change) const {
    auto const then = apply(change, {input, policy->data()});
    return allows(policy->evaluate(query, then.input, {.data = then.data}));
  }
};

// A condition of its own field, so that no two of a rule contradict each other.
std::string condition(std::size_t kind, std::mt19937& random) {
  auto pick = [&random](auto... words) {
    std::vector<std::string> const all = {words...};
    return all[random() % all.size()];
  };
  switch (kind) {
    case 0:
      return "input.action == \"" + pick("read", "write", "refund") + "\"";
    case 1:
      return "input.caller in data.callers";
    case 2:
      return "input.level " + pick(">", ">=") + " " + pick("3", "7", "100");
    case 3:
      return "some role in data.roles[input.caller]\n\trole == \"" + pick("admin", "clerk") + "\"";
    case 4:
      return "not input.blocked";
    case 5:
      return "data.flags." + pick("open", "beta", "none");
    case 6:
      return "startswith(input.path, \"" + pick("/public", "/v1/") + "\")";
    case 7:
      return "input.kind in {\"" + pick("a", "b") + "\", \"c\"}";
    case 8:
      return "not input.caller in data.banned";
    case 9:
      return "input.verb in data.verbs[input.caller]";
    case 10:
      return "data.grants[input.caller][input.what]";
    case 11:
      return "lower(input.mode) == \"" + pick("safe", "fast") + "\"";
    case 12:
      return "is_good(input.grade)";
    case 13:
      return "within_hours";
    case 14:
      return "\"" + pick("pay", "see") + "\" in permissions";
    case 15:
      return "input.size < " + pick("10", "1000");
    default:
      return "input.tenant != \"" + pick("evil", "test") + "\"";
  }
}

constexpr std::size_t kConditions = 17;

std::string made_policy(std::mt19937& random) {
  std::string out = R"(package authz
default allow := false
is_good(grade) if grade in {"gold", "silver"}
within_hours if {
	hour := time.clock(time.parse_rfc3339_ns(input.timestamp))[0]
	hour >= 9
	hour < 18
}
permissions contains p if some p in data.permissions[input.caller]
)";
  auto const rules = 1 + random() % 3;
  for (std::size_t i = 0; i < rules; ++i) {
    std::vector<std::size_t> kinds(kConditions);
    for (std::size_t k = 0; k < kConditions; ++k) kinds[k] = k;
    std::ranges::shuffle(kinds, random);
    out += "allow if {\n";
    auto const size = 1 + random() % 4;
    for (std::size_t k = 0; k < size; ++k) out += "\t" + condition(kinds[k], random) + "\n";
    out += "}\n";
  }
  return out;
}

constexpr std::string_view kNearData = R"({
  "callers": ["ada"], "roles": {"ada": ["clerk"], "bob": []}, "banned": ["eve", "bob"],
  "flags": {"beta": false}, "verbs": {"ada": ["get", "put"]}, "grants": {"ada": {"x": true}},
  "permissions": {"ada": ["see"]}})";

std::string made_input(std::mt19937& random) {
  auto pick = [&random](auto... words) {
    std::vector<std::string> const all = {words...};
    return all[random() % all.size()];
  };
  std::string out = "{\"caller\": \"" + pick("ada", "bob", "eve") + "\"";
  auto maybe = [&](std::string const& member) {
    if (random() % 3 != 0) out += ", " + member;
  };
  maybe("\"action\": \"" + pick("read", "delete") + "\"");
  maybe("\"level\": " + pick("1", "5", "50"));
  maybe("\"blocked\": " + pick("true", "false"));
  maybe("\"path\": \"" + pick("/private", "/public/x") + "\"");
  maybe("\"kind\": \"" + pick("c", "z") + "\"");
  maybe("\"verb\": \"" + pick("get", "post") + "\"");
  maybe("\"what\": \"" + pick("x", "y") + "\"");
  maybe("\"mode\": \"" + pick("SAFE", "loud") + "\"");
  maybe("\"grade\": \"" + pick("gold", "tin") + "\"");
  maybe("\"size\": " + pick("5", "5000"));
  maybe("\"tenant\": \"" + pick("evil", "good") + "\"");
  return out + ", \"timestamp\": \"2026-11-23T" + pick("08", "12", "22") + ":30:00Z\"}";
}

}  // namespace

TEST_CASE("a denied decision names a rule and an expression, and its first near miss flips it") {
  std::mt19937 random(20261127);
  int denied = 0;
  for (int i = 0; i < 400; ++i) {
    auto const text = made_policy(random);
    auto const input = made_input(random);
    CAPTURE(text);
    CAPTURE(input);
    Asked const asked(text, kNearData, input);
    auto const outcome = asked.evaluate(TraceLevel::why);
    REQUIRE_MESSAGE(outcome.ok(), (outcome.ok() ? "" : outcome.error->text()));
    if (outcome.value.is_true()) continue;
    ++denied;
    REQUIRE(outcome.why->closest >= 0);
    auto const& rule = outcome.why->rules[static_cast<std::size_t>(outcome.why->closest)];
    auto const failed = std::ranges::find(rule.expressions, ExprState::failed, &ExprRecord::state);
    REQUIRE(failed != rule.expressions.end());
    CHECK(failed->line > 0);
    CHECK_FALSE(outcome.why->summary.empty());
    auto const misses = asked.misses();
    REQUIRE_FALSE(misses.empty());
    for (auto const& miss : misses) {
      CAPTURE(miss.text);
      CHECK(asked.flips(miss));
    }
  }
  CHECK(denied > 200);
}

TEST_CASE("near misses, case by case") {
  struct Row {
    std::string_view body;
    std::string_view input;
    std::string_view first;
  };
  constexpr std::string_view kBase = R"({"actions": {"ada": ["read"]}, "banned": ["eve"],
    "limits": {"open": false}, "roles": {"ada": ["clerk"]}})";
  for (auto const& [body, input, first] : std::initializer_list<Row>{
           {"input.action in data.actions[input.caller]", R"({"caller": "ada", "action": "pay"})",
            R"(data.actions.ada += "pay")"},
           {"input.action in data.actions[input.caller]", R"({"caller": "bob", "action": "pay"})",
            R"(data.actions.bob = ["pay"])"},
           {"input.action == \"read\"", R"({"action": "pay"})",
            R"(action "read" instead of "pay")"},
           {"input.admin", R"({})", "admin true instead of nothing"},
           {"not input.caller in data.banned", R"({"caller": "eve"})", R"(data.banned -= "eve")"},
           {"data.limits.open", R"({})", "data.limits.open = true"},
           {"not data.limits.open == false", R"({})", "data.limits.open = true"},
           {"input.level >= 5", R"({"level": 2})", "level 5 instead of 2"},
           {"input.level > 5\n\tinput.admin", R"({"level": 2})",
            "level 6 instead of 2, and admin true instead of nothing"},
           {"some x in input.list\n\tx.ok == true\n\tx.by.name == \"ada\"", R"({})",
            R"(list [{"by": {"name": "ada"}, "ok": true}] instead of nothing)"},
           {"some x in input.list\n\tx.ok == true", R"({"list": []})",
            R"(input.list += {"ok": true})"},
           {"some x in input.list\n\tx.ok", R"({"list": [{"ok": false}, 7]})",
            R"(input.list += {"ok": true})"},
           {"some x in data.grants\n\tx.who == input.caller", R"({"caller": "ada"})",
            R"(data.grants = [{"who": "ada"}])"},
           {"some role in data.roles[input.caller]\n\trole in {\"boss\", input.as}",
            R"({"caller": "ada", "as": "ada"})", R"(data.roles.ada += "boss")"},
       }) {
    CAPTURE(body);
    Asked const asked(
        "package authz\ndefault allow := false\nallow if {\n\t" + std::string(body) + "\n}\n",
        kBase, input);
    auto const misses = asked.misses();
    REQUIRE_FALSE(misses.empty());
    CHECK(misses.front().text == first);
    CHECK(asked.flips(misses.front()));
  }
}

TEST_CASE("what a head computes may be what failed, and is named") {
  Asked const asked(
      "package authz\nallow := {\"allow\": input.n > 0, \"why\": lower(input.name)}\n", "{}",
      R"({"name": "X"})");
  auto const outcome = asked.evaluate(TraceLevel::why);
  REQUIRE(outcome.ok());
  REQUIRE(outcome.why->closest == 0);
  auto const& rule = outcome.why->rules[0];
  REQUIRE(rule.expressions.size() == 1);
  CHECK(rule.expressions[0].state == ExprState::failed);
  CHECK(rule.expressions[0].line == 2);
  auto const misses = find_near_misses(
      {*asked.policy, asked.query, asked.input, {}},
      [](Outcome const& then) { return then.ok() && then.value.get("allow").is_true(); });
  REQUIRE_FALSE(misses.empty());
  auto const then = apply(misses.front(), {asked.input, {}});
  auto const flipped = asked.policy->evaluate(asked.query, then.input);
  CHECK(flipped.value.get("allow").is_true());
  CHECK(rule.expressions[0].text == "{\"allow\": input.n > 0, \"why\": lower(input.name)}");
}

TEST_CASE("what cannot be flipped has no near miss, and what is allowed needs none") {
  Asked const never("package authz\ndefault allow := false\nallow if 1 == 2\n", "{}", "{}");
  CHECK(never.misses().empty());
  Asked const always("package authz\nallow := true\n", "{}", "{}");
  CHECK(always.misses().empty());
}

TEST_CASE("a change of data leaves the policy's own data as it is") {
  Asked const asked("package authz\nallow if input.x in data.xs\n", R"({"xs": [1]})",
                    R"({"x": 2})");
  auto const misses = asked.misses();
  REQUIRE_FALSE(misses.empty());
  CHECK(asked.flips(misses.front()));
  CHECK(asked.policy->data().to_json() == R"({"xs":[1]})");
  CHECK_FALSE(allows(asked.evaluate()));
}

TEST_CASE("the search ends within its bound") {
  std::string text = "package authz\ndefault allow := false\n";
  for (int i = 0; i < 40; ++i) {
    auto const n = std::to_string(i);
    text += "allow if {\n\tinput.a" + n + " in data.x\n\tinput.b" + n + " in data.y\n\t" +
            "input.c" + n + " == data.z[input.d]\n\tfalse\n}\n";
  }
  Asked const asked(text, R"({"x": [1, 2, 3], "y": [4, 5, 6], "z": {"q": 1}})", R"({"d": "q"})");
  CHECK(asked.misses().empty());
}

}  // namespace aw::rego
