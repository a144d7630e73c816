// SPDX-License-Identifier: Apache-2.0
// A rule that needs itself is refused; one that only looks like it is taken, and answers.
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::ask;
using test::faults_of;
using test::policy_of;
using test::x_of;

namespace {

struct NoCycleRow {
  std::string_view rules;  // below `package p`
  std::string_view x;
};

// Held against OPA 1.22.2.
constexpr NoCycleRow kNoCycles[] = {
    // What a variable stands for is said in the body.
    {R"(x := data.p[n] if { n := "q" }
q := 1)",
     "1"},
    {R"(x := data.p[n] if { "q" = n }
q := 1)",
     "1"},
    {R"(x := data.p[n] if { m := "q"; n := m }
q := 1)",
     "1"},
    {R"(x := [v | v := data.p[n]] if { n := "q" }
q := 1)",
     "[1]"},
    {R"(x contains data.p[n] if { some n in ["q", "r"] }
q := 1
r := 2)",
     "{1, 2}"},
    {R"(x := data.p[n[0]] if { n := ["q"] }
q := 1)",
     "1"},
    {R"(x if { n := "q"; not data.p[n] }
q := 1)",
     "undefined"},
    {R"(x if { n := "q"; every y in [1] { data.p[n] == y } }
q := 1)",
     "true"},
    {R"(x if { n := "q"; data.p[n] == 2 } else := data.p[n] if { n := "r" }
q := 1
r := 3)",
     "3"},
    {R"(x if { n := 1; data.p[n] == 1 }
q := 1)",
     "undefined"},
    {R"(f("q") := data.p["q"]
f(n) := data.p[n] if { n = "q" }
q := 1
x := f("q"))",
     "1"},
    {R"(root := "p"
x := data[root].q
q := 1)",
     "1"},
    // Rules of one object that ask others of it.
    {R"(x[k].foo := 1 if { some k in ["a", "b"] }
x[k].bar := x[k].foo + 1 if { some k in ["a", "c"] }
x[k].baz := x[k].bar + x[k].foo if { some k in ["a"] })",
     R"({"a": {"bar": 2, "baz": 3, "foo": 1}, "b": {"foo": 1}})"},
    {R"(o[k].foo := 1 if { some k in ["a"] }
o.b.bar := o.a.foo
x := [v | v := o[_].bar])",
     "[1]"},
    {R"(o[k].foo[l] := 1 if { some k in ["a"]; some l in ["b"] }
o[k].bar := o[k].foo.b if { some k in ["a"] }
x := o.a)",
     R"({"bar": 1, "foo": {"b": 1}})"},
    {R"(o[k] := 1 if { some k in ["a"] }
o.b := o.a
x := o)",
     R"({"a": 1, "b": 1})"},
    {"o[1] := 1\no[2] := o[1]\nx := o", R"({1: 1, 2: 1})"},
    {R"(o[k].foo := 1 if { some k in ["a"] }
o[k].bar := q if { some k in ["a"] }
q := o.a.foo
x := [o.a.bar, q])",
     "[1, 1]"},
    {R"(o[k].foo := input.n if { some k in ["a"] }
o[k].bar := o[k].foo if { some k in ["a"] }
x := [m, n] if { m := o.a.bar with input.n as 7; n := o.a.bar with input.n as 8 })",
     "[7, 8]"},
    {R"(o[k].foo := 1 if { some k in ["a"] }
o[k].bar := o[k].foo if { some k in ["a"] }
x if not o.b.bar)",
     "true"},
    // OPA takes this one and then never answers.
    {R"(o[k].foo := k if { some k in ["a", "b"] }
o[k].bar := {v | v := o[_].foo} if { some k in ["c"] }
x := o.c.bar)",
     R"({"a", "b"})"},
};

constexpr std::string_view kCycles[] = {
    "x := x",
    "x if { data.p[n]; n = \"q\" }\nq := 1",
    "x if { [n] = [\"q\"]; data.p[n] }\nq := 1",
    "f(n) := data.p[n] if { n == \"q\" }\nq := 1\nx := f(\"q\")",
    "x := [v | n := \"q\"; v := data.p[n]]\nq := 1",
    "x := data.p[input.n]\nq := 1",
    "x := data[root].x\nroot := \"p\"",
    "x contains y if { y := data.p[_] }",
    "x[k].foo := 1 if { some k in [\"a\"] }\nx[k].bar := x[k].bar if { some k in [\"a\"] }",
    "x[k].foo := 1 if { some k in [\"a\"] }\nx[k].bar := q if { some k in [\"a\"] }\nq := x.a",
    "x[k] := 1 if { some k in [\"a\"] }\nx.b := x[input.n]",
    "x[k] := 1 if { some k in [\"a\"] }\nx[k] := x.a if { some k in [\"b\"] }",
};

}  // namespace

TEST_CASE("a rule that does not need itself, though its group might, is taken and answers") {
  for (NoCycleRow const& row : kNoCycles) {
    INFO(row.rules);
    CHECK(x_of(row.rules) == row.x);
  }
}

TEST_CASE("a rule that may need itself is refused") {
  for (std::string_view rules : kCycles) {
    INFO(rules);
    auto faults = faults_of("package p\n" + std::string(rules));
    REQUIRE_FALSE(faults.empty());
    CHECK(faults.front().code == "rego_recursion_error");
  }
}

TEST_CASE("parts of one object that differ with the world around are not taken for each other") {
  auto policy = policy_of(R"(package p
o[k].foo := input.n if { some k in ["a"] }
o[k].bar := o[k].foo if { some k in ["a"] }
x contains v if { some n in [1, 2, 3]; v := o.a.bar with input.n as n })");
  CHECK(ask(*policy, "data.p.x").value.to_text() == "{1, 2, 3}");
  CHECK(ask(*policy, "data.p.o", R"({"n": 5})").value.to_text() ==
        R"({"a": {"bar": 5, "foo": 5}})");
  CHECK(ask(*policy, "data.p.o.a[_]", R"({"n": 5})").value.to_text() == "5");
}

TEST_CASE("a thousand rules that might ask each other are looked at in bounded time") {
  std::string rules = "package p\n";
  for (int i = 0; i < 1'000; ++i) {
    auto const n = std::to_string(i);
    rules += "o[k].a" + n + " := o[k].a" + std::to_string(i + 1) + " if { k := \"b\" }\n";
  }
  auto policy = policy_of(rules + "o.b.a1000 := 1\n");
  CHECK(ask(*policy, "data.p.o.b.a990").value.to_text() == "1");
}

}  // namespace aw::rego
