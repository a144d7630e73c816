// SPDX-License-Identifier: Apache-2.0
// Expressions that can never hold are refused at load; those that may hold are not.
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::faults_of;
using test::policy_of;

namespace {

struct TypeRow {
  std::string_view rule;
  std::string_view message;  // as it begins
};

}  // namespace

TEST_CASE("types that do not fit are refused, in OPA's words") {
  constexpr TypeRow kRows[] = {
      {"x := count(1)", "count: invalid argument(s)"},
      {"x := upper(1)", "upper: invalid argument(s)"},
      {"x := 1 + \"a\"", "plus: invalid argument(s)"},
      {"x := \"a\" - 1", "minus: invalid argument(s)"},
      {"x := [1] & [2]", "and: invalid argument(s)"},
      {"x := concat(\",\", [1, 2])", "concat: invalid argument(s)"},
      {"x := sum([\"a\"])", "sum: invalid argument(s)"},
      {"x := object.get([], \"a\", 1)", "object.get: invalid argument(s)"},
      {"x if 1 == \"a\"", "match error"},
      {"x if { a := 1; a = \"x\" }", "match error"},
      {"x if { a := [1, 2]; a = [1, 2, 3] }", "match error"},
      {"x if 1 in [\"a\"]", "match error"},
      {"x if { a := {\"b\": 1}; a.c == 1 }", "undefined ref: a.c"},
      {"x if { a := \"s\"; a.b == 1 }", "undefined ref: a.b"},
      {"x if { a := [1]; a[1] == 1 }", "undefined ref: a[1]"},
      {"x := count([1])[0]", "undefined ref: count([1])[0]"},
      {"x := y.w\ny := {\"z\": 1}", "undefined ref: y.w"},
      {"x := upper(y)\ny := 1", "upper: invalid argument(s)"},
      {"x := f(1) + \"a\"\nf(a) := a", "plus: invalid argument(s)"},
      {"x := f(\"a\") + 1\nf(_) := \"s\"", "plus: invalid argument(s)"},
      {"x := data.p.f\nf(_) := 1", "function data.p.f used as reference, not called"},
      {"x := time.now_ns(1)", "time.now_ns: arity mismatch"},
      {"x := f(1, 2)\nf(a) := a", "function data.p.f has arity 1, got 2 arguments"},
      {"f(_, _) := 1\nx if count([]) with count as f", "count: arity mismatch"},
      // A call's own result keeps what a variable next to it forgets.
      {"x if f(1) in {\"a\", true}\nf(_) := set()", "match error"},
      {"x if f(1) == 1\nf(_) := set()", "match error"},
      {"x if upper(f(1)) == \"A\"\nf(_) := set()", "upper: invalid argument(s)"},
      {"x if { some v in f(1); v == \"a\" }\nf(_) := [set(), 1]", "match error"},
      // Two documents with empty sets in them cannot be told to be equal.
      {"x if y == z\ny := set()\nz contains {\"a\": set()}", "match error"},
      {"x if y == set()\ny := set()", "match error"},
      {"x if { y := 1; z := 2; [y, 2] = [z] }", "match error"},
      // Of closures references and comprehensions count.
      {"x if every v in [1] { y[1] == v }\ny := {\"a\"}", "undefined ref: y[1]"},
      {"x if not y.b\ny := {\"a\": 1}", "undefined ref: y.b"},
      {"x if every v in [1] { count([w | some w in y; upper(w)]) == v }\ny := [1]",
       "upper: invalid argument(s)"},
      {"x if 1 == y\ny[k] := \"a\" if some k in [\"b\"]", "match error"},
      {"x if 1 == y\ny.a := 1\ny.b := 2", "match error"},
      {"x if y.z == \"a\"\ny[k] := 1 if some k in [\"z\"]", "match error"},
      {"x if y[1]\ny contains \"a\"\ny contains true", "undefined ref: y[1]"},
      {"f(a) if { {[a], {\"b\"}} in {a: 1} }", "match error"},
      {"x if y == \"a\" with data.p.y as 2\ny := 1", "match error"},
      {"x if z == \"a\" with data.p.y as 2\ny := 1\nz := 3", "match error"},
  };
  for (TypeRow const& row : kRows) {
    auto faults = faults_of("package p\n" + std::string(row.rule) + "\n");
    REQUIRE_MESSAGE(!faults.empty(), row.rule);
    CHECK_MESSAGE(faults[0].code == "rego_type_error", row.rule);
    CHECK_MESSAGE(faults[0].message == row.message, row.rule);
  }
}

TEST_CASE("what may hold for some input is taken") {
  for (std::string_view rule : {"x := count(input.a)",
                                "x := upper(data.a)",
                                "x if y[set()]\ny := set()",
                                "x := input.a + input.b",
                                "x if input.a == 1",
                                "x := {\"a\": 1} if input.a.b.c",
                                "x := y.z\ny := {\"z\": 1}",
                                "x := y[_]\ny := []",
                                "x := f(input.a)\nf(a) := upper(a)",
                                "x := json.patch({}, [{\"op\": \"remove\"}])",
                                "x if { some v in [set()]; v in [1] }",
                                "x if { some v in {\"b\": set()}; v == 1 }",
                                "x if { v := [[set()]][0]; v == 1 }",
                                "x if { y := set(); v := y; startswith(v, \"a\") }",
                                "x if every a in [1] { upper(a) }",
                                "x if count(input) == 1 with input as \"s\"",
                                "x := y + 1\ny := 1 if input.a\ny := \"s\" if input.b",
                                "x if { data.p.y.z with data.p.y as {\"z\": 1} }\ny := 1",
                                "x if { v := f(1); v == 1 }\nf(_) := set()",
                                "x if { v := set(); w := v; w == 1 }",
                                "x if { f(1) == f(2) }\nf(_) := set()",
                                "x if { some v in \"a\"; v == 1 }",
                                "x if { [a, b] := input.x; a }",
                                "x if { y == {\"a\": 1} }\ny[k] := input.a if some k in [2]",
                                "x if { {\"b\": y} == {k: 2 | some k in [\"c\"]} }\ny := 1",
                                "x if every v in [1] { upper(v) == v + 1 }",
                                "import future.keywords.not\nx if not { upper(1) == 2 }",
                                "x if y[\"b\"]\ny[1] := 2",
                                "x if y[1]\ny.a := 2",
                                "x := f([])\nf(a) := sum({a}) if a.b",
                                "x if z == 1 with data.p.y as 2\ny := \"a\"\nz := y",
                                "x if { v := y; v == \"b\" with data.p.y as \"b\" }\ny := input.a",
                                "x if { f([1, 2]) == 1 }\nf(a) := b if { [b, c] := a; c }"}) {
    (void)policy_of("package p\n" + std::string(rule) + "\n");
  }
}

TEST_CASE("a large constant costs no type of its own size") {
  std::string items;
  for (int i = 0; i < 5'000; ++i) items += (i == 0 ? "" : ", ") + std::to_string(i);
  (void)policy_of("package p\nx := [" + items + "]\ny := x[4999]\n");
}

}  // namespace aw::rego
