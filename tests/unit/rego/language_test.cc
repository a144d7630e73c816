// SPDX-License-Identifier: Apache-2.0
// The language, a feature a case: the rules of package p, and what data.p.x is then.
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::x_of;

TEST_CASE("a head with variables takes rules with variables below it into its document") {
  auto policy = test::policy_of(
      "package p\n"
      "q[x].r := 1 if some x in [\"a\"]\n"
      "q.b[y].s := 2 if some y in [\"z\"]\n"
      "q.b.c[y] := 3 if some y in [\"w\"]\n");
  Outcome outcome = test::ask(*policy, "data.p.q");
  REQUIRE(outcome.ok());
  CHECK(outcome.value.to_json() == R"({"a":{"r":1},"b":{"c":{"w":3},"z":{"s":2}}})");
}

TEST_CASE("complete rules: value, default, else, conflict") {
  CHECK(x_of("x := 1") == "1");
  CHECK(x_of("default x := 2\nx := 1 if input.a", "{}") == "2");
  CHECK(x_of("x := 1 if input.a else := 2 if input.b else := 3", R"({"b": true})") == "2");
  CHECK(x_of("x if false") == "undefined");
  CHECK(x_of("x := 1 if true\nx := 2 if true") ==
        "p.rego:3: eval_conflict_error: rule data.p.x produced conflicting values");
}

TEST_CASE("partial rules: sets, objects, general heads") {
  CHECK(x_of("x contains v if some v in [3, 1, 3]") == "{1, 3}");
  CHECK(x_of(R"(x[k] := v if some k, v in {"a": 1, "b": 2})") == R"({"a": 1, "b": 2})");
  CHECK(x_of(R"(x.a[k].c := k if some k in [1, 2])") == R"({"a": {1: {"c": 1}, 2: {"c": 2}}})");
  CHECK(x_of(R"(x[k] contains v if { some k in ["a"]; some v in [1, 2] })") == R"({"a": {1, 2}})");
  CHECK(x_of("x := count(q)\nq contains 1\nq contains 2") == "2");
}

TEST_CASE("one key of a partial document is evaluated alone") {
  CHECK(x_of("x := q.a\nq[k] := v if some k, v in {\"a\": 1}\nq[\"b\"] := 1\nq[\"b\"] := 2") ==
        "1");
}

TEST_CASE("functions: patterns, several bodies, defaults, conflict") {
  CHECK(x_of("x := f([1, 2])\nf([a, b]) := a + b") == "3");
  CHECK(x_of("x := [f(1), f(9)]\nf(n) := \"low\" if n < 5\nf(n) := \"high\" if n >= 5") ==
        R"(["low", "high"])");
  CHECK(x_of("x := f(1)\ndefault f(_) := 7\nf(n) := n if n > 5") == "7");
  CHECK(x_of("x := f(1)\nf(n) := 1\nf(n) := 2").find("produced conflicting values") !=
        std::string::npos);
}

TEST_CASE("unification goes both ways and into shapes") {
  CHECK(x_of("x := a if [a, 2] = [1, b]") == "1");
  CHECK(x_of("x := [a, b] if [a, b] = [b, 1]") == "[1, 1]");
  CHECK(x_of(R"(x := v if {"k": v} = input)", R"({"k": 5})") == "5");
  CHECK(x_of(R"(x := v if {"k": v} = input)", R"({"k": 5, "more": 1})") == "undefined");
}

TEST_CASE("some, every, in, not") {
  CHECK(x_of("x := [i | some i, v in [5, 6, 7]; v > 5]") == "[1, 2]");
  CHECK(x_of("x if every v in [1, 2] { v > 0 }") == "true");
  CHECK(x_of("x if every v in [1, 2] { v > 1 }") == "undefined");
  CHECK(x_of("x if every v in [] { v > 1 }") == "true");
  CHECK(x_of("x := [1 in [1], 3 in {1: 2}, \"a\" in {\"b\": \"a\"}]") == "[true, false, true]");
  CHECK(x_of("x if not input.a", "{}") == "true");
  CHECK(x_of("x if not input.a", R"({"a": false})") == "true");
  CHECK(x_of("x if not input.a", R"({"a": 0})") == "undefined");
}

TEST_CASE("not fails when what it is made of is missing, unless future.keywords.not is imported") {
  CHECK(x_of("x if not count(input.a) == 0", "{}") == "undefined");
  CHECK(x_of("import future.keywords.not\nx if not count(input.a) == 0", "{}") == "true");
}

TEST_CASE("comprehensions see the variables around them") {
  CHECK(x_of("x := {k: n | some k in [\"a\", \"b\"]; n := count([1 | some v in input; v == k])}",
             R"(["a", "a", "b"])") == R"({"a": 2, "b": 1})");
  CHECK(x_of("x := {v | some v in [1, 1, 2]}") == "{1, 2}");
}

TEST_CASE("with changes input, data, rules and functions for one expression") {
  CHECK(x_of("x := [a, b] if { a := input.v with input.v as 2; b := input.v }", R"({"v": 1})") ==
        "[2, 1]");
  CHECK(x_of("x := a if a := q with data.v as 3\nq := data.v + 1", "", R"({"v": 1})") == "4");
  CHECK(x_of("x := a if a := q with data.p.r as 9\nq := r\nr := 1") == "9");
  CHECK(x_of("x := a if a := count([1]) with count as 5") == "5");
  CHECK(x_of("x := a if a := f(1) with f as g\nf(n) := n\ng(n) := n * 10") == "10");
}

TEST_CASE("base and virtual documents lie over each other") {
  CHECK(x_of("x := data.base\n", "", R"({"base": {"a": 1}})") == R"({"a": 1})");
  auto policy = test::policy_of("package a.b\nq := 1", R"({"a": {"b": {"r": 2}, "c": 3}})");
  CHECK(test::ask(*policy, "data.a").value.to_text() == R"({"b": {"q": 1, "r": 2}, "c": 3})");
}

TEST_CASE("template strings, logical operators, keywords as names") {
  CHECK(x_of(R"(x := $"a{1 + 1}b{input.none}")", "{}") == R"("a2b<undefined>")");
  CHECK(x_of("import future.keywords.or\nx if input.a or input.b", R"({"b": 1})") == "true");
  CHECK(x_of("import future.keywords.and\nx if { input.a and input.b }", R"({"b": 1})") ==
        "undefined");
  CHECK(x_of("x := if.in\nif.in := 4") == "4");
}

TEST_CASE("a query text has all its solutions") {
  auto policy = test::policy_of("package p\nq contains v if some v in [1, 2]");
  Outcome outcome = test::ask(*policy, "data.p.q[v]; w = v * 2");
  REQUIRE(outcome.ok());
  REQUIRE(outcome.bindings.size() == 2);
  CHECK(outcome.bindings[1][0].first == "v");
  CHECK(outcome.bindings[1][1].second.to_text() == "4");
}

// The values of a query's expressions, one line an answer.
std::string answers_of(std::string_view query, std::string_view input = "") {
  auto policy = test::policy_of(
      "package p\nallow := input.a\nq := {\"b\": false, \"c\": true}\nf(x) := x + 1");
  Outcome const outcome = test::ask(*policy, query, input);
  if (!outcome.ok()) return outcome.error->text();
  std::string out;
  for (auto const& values : outcome.expressions) out += Value::array(values).to_text() + "\n";
  return out;
}

TEST_CASE(
    "a query's only expression may be false, but one that goes through values tells of those that "
    "hold") {
  CHECK(answers_of("data.p.q.b") == "[false]\n");
  CHECK(answers_of("data.p.q.b == data.p.q.c") == "[false]\n");
  CHECK(answers_of("data.p.q[x]") == "[true]\n");
  CHECK(answers_of("[false, 1][_]") == "[1]\n");
  CHECK(answers_of("data.p.q.b; 1").empty());
  CHECK(answers_of("[x | x := data.p.q[_]]") == "[[false, true]]\n");
  CHECK(answers_of("some x; data.p.q[x]") == "[true]\n");
}

TEST_CASE("what `with` changes is seen in a query's answer") {
  CHECK(answers_of("data.p.allow with input as {\"a\": false}") == "[false]\n");
  CHECK(answers_of("data.p.allow with input.a as [1]", R"({"a": 2})") == "[[1]]\n");
  CHECK(answers_of("data.p.q with data.p.q as 7; 1") == "[7, 1]\n");
  CHECK(answers_of("data.p.f(1) with data.p.f as 9") == "[9]\n");
}

TEST_CASE("a slash between numbers or below input divides") {
  CHECK(answers_of("4/2") == "[2]\n");
  CHECK(answers_of("input.a/2", R"({"a": 6})") == "[3]\n");
  CHECK(answers_of("p/q/c") == "[true]\n");
}

TEST_CASE("a query in a package names its rules, and where it fails its own text is told") {
  auto policy = test::policy_of("package a.b\nallow := 4\nx := {1: 2}");
  auto in_package = [&](std::string_view query) {
    auto prepared = policy->prepare_in("a.b", query);
    REQUIRE(prepared.ok());
    return policy->evaluate(*prepared, {}, {.builtin_errors = BuiltinErrors::strict});
  };
  CHECK(in_package("allow").value.to_text() == "4");
  CHECK(in_package("data.a.b.allow + allow").value.to_text() == "8");
  CHECK_FALSE(policy->prepare_in("a.c", "allow").ok());
  for (std::string_view query : {"allow / 0", "{1: v | some v in [1, 2]}"}) {
    Outcome const failed = in_package(query);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error->location.file.empty());
  }
  CHECK_FALSE(policy->prepare("some x").ok());
}

TEST_CASE("paths may be written with slashes or dots") {
  auto policy = test::policy_of("package agentweave.authz\nallow := true");
  CHECK(test::ask(*policy, "agentweave/authz/allow").value.is_true());
  CHECK(test::ask(*policy, "data.agentweave.authz.allow").value.is_true());
  CHECK_FALSE(test::ask(*policy, "agentweave/authz/deny").defined());
  CHECK(test::ask(*policy, "agentweave/authz").value.to_text() == R"({"allow": true})");
}

}  // namespace aw::rego
