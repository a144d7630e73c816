// SPDX-License-Identifier: Apache-2.0
// Corners of the language where OPA 1.22.2 was asked what it does.
#include "core/base/text.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::faults_of;
using test::x_of;

namespace {

struct WayRow {
  std::string_view rules;  // below `package p`
  std::string_view x;
};

struct NoWayRow {
  std::string_view rules;
  std::string_view code;
  std::string_view message;
};

constexpr WayRow kCalls[] = {
    {"f() := 1\nx := f", "1"},
    {"f() := n if { n := 3 } else := 7\nx := f", "3"},
    {"f() := 1 if { false }\ndefault f := 3\nx := f", "3"},
    {"default f() := 3\nf := 1 if { false }\nx := f", "3"},
    {"f.a() := 1\nx := f", R"({"a": 1})"},
    {"f[n]() := 1 if { n := 1 }\nx := f", "{1: 1}"},
    {"f() if true\nx := f", "true"},
    {"f := input.a\nx := f()", R"("q")"},
    {"f() := input.a\nx := concat(\"\", [f(), \"!\"])", R"("q!")"},
    {"f := input\nx := n if { f(n) }", R"({"a": "q"})"},
    {"f := input.a\nx if f(\"q\")", "true"},
    {"f := input.a\nx if f(1)", "undefined"},
    {"f() := 1\ng(a) := a\nx := n if { n := g(2) with g as f }", "1"},
};

constexpr NoWayRow kWrongCalls[] = {
    {"f := 1\nx := f()", "rego_type_error", "undefined function data.p.f"},
    {"f() := 1\nx := data.p.f()", "rego_type_error", "undefined function data.p.f"},
    {"f := 1\nx := f(1)", "rego_type_error", "function data.p.f has arity 0, got 1 argument"},
    {"f := input\nx if f(1, 2)", "rego_type_error",
     "function data.p.f has arity 0, got 2 arguments"},
    {"f contains 1\nx := f()", "rego_type_error", "undefined function data.p.f"},
    {"f()\nx := f", "rego_parse_error", "rule argument list must take at least one argument"},
    {"f() contains 1 if true", "rego_parse_error",
     "the contains keyword can only be used with multi-value rule definitions"},
};

// Of `:=` only the left side gets a value, and an object learns nothing from a comprehension.
constexpr WayRow kBindings[] = {
    {"x if { some y; n := y; n = 7; y = 7 }", "true"},
    {"x := y if { n := [y]; [y] = [7]; n = [7] }", "7"},
    {"x := n if { n := input[i]; i == \"a\" }", R"("q")"},
    {"x := [n, i] if { [n] := [input[i]] }", R"(["q", "a"])"},
    {"x := y if { {k: v | some k, v in {\"a\": 1}} = {\"a\": y} }", "1"},
    {"x := y if { [y] = [v | some v in [1]] }", "1"},
    {"x := y if { o := {k: v | some k, v in {\"a\": 1}}; {\"a\": y} = o }", "1"},
    {"x if { y := 1; {\"a\": y} = {k: v | some k, v in {\"a\": 1}} }", "true"},
    {"x if { {\"a\": 1} = {k: v | some k, v in {\"a\": 1}} }", "true"},
};

constexpr NoWayRow kUnbound[] = {
    {"x := y if { n := y; n = 7 }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { n := [y]; n = [7] }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { n := {\"a\": y}; n = {\"a\": 7} }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { [n] := [y]; n = 7 }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { [n] := y; n = 7 }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { n := y; input[n] }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x := y if { {\"a\": y} = {k: v | some k, v in {\"a\": 1}} }", "rego_unsafe_var_error",
     "var y is unsafe"},
    {"x := y if { {\"a\": y} := {k: v | some k, v in {\"a\": 1}} }", "rego_unsafe_var_error",
     "var y is unsafe"},
    {"x := y if { [n, {\"a\": y}] = [1, {k: v | some k, v in {\"a\": 1}}] }",
     "rego_unsafe_var_error", "var y is unsafe"},
};

constexpr std::string_view kAnnotated = "# METADATA\n# title: T\n# custom:\n#  a: 1\n";

constexpr WayRow kMetadata[] = {
    {"x := rego.metadata.rule().title", R"("T")"},
    {"x := rego.metadata.chain()[0].annotations.title", R"("T")"},
    {"x := rego.metadata.chain()[0].path", R"(["p", "x"])"},
    {"x := rego.metadata.chain()[_].annotations.custom.a", "1"},
    {"x := v if { some v in [c.annotations.title | some c in rego.metadata.chain()] }", R"("T")"},
};

constexpr NoWayRow kNotInMetadata[] = {
    {"x := rego.metadata.chain()[0].title", "rego_type_error",
     "undefined ref: rego.metadata.chain()[0].title"},
    {"x := rego.metadata.rule().description", "rego_type_error",
     "undefined ref: rego.metadata.rule().description"},
    {"x := rego.metadata.rule().custom.b", "rego_type_error",
     "undefined ref: rego.metadata.rule().custom.b"},
    {"x := rego.metadata.chain()[7]", "rego_type_error", "undefined ref: rego.metadata.chain()[7]"},
    {"x := rego.metadata.chain()[0].path[5]", "rego_type_error",
     "undefined ref: rego.metadata.chain()[0].path[5]"},
    {"x if { c := rego.metadata.chain()[0]; c.title }", "rego_type_error",
     "undefined ref: c.title"},
};

void check_ways(std::span<const WayRow> rows, std::string_view before = "") {
  for (WayRow const& row : rows) {
    INFO(row.rules);
    CHECK(x_of(std::string(before) + std::string(row.rules), R"({"a": "q"})") == row.x);
  }
}

void check_no_ways(std::span<const NoWayRow> rows, std::string_view before = "") {
  for (NoWayRow const& row : rows) {
    INFO(row.rules);
    auto faults = faults_of("package p\n" + std::string(before) + std::string(row.rules));
    REQUIRE_FALSE(faults.empty());
    bool found = false;
    for (Diagnostic const& fault : faults) {
      found = found || (fault.code == row.code && fault.message == row.message);
    }
    CHECK_MESSAGE(found, faults.front().text());
  }
}

}  // namespace

TEST_CASE(
    "a function without arguments is a rule, which may be called where its type is not known") {
  check_ways(kCalls);
  check_no_ways(kWrongCalls);
}

TEST_CASE(
    "what is called for an argument fails before a rule beside it is asked, not before input") {
  constexpr std::string_view kRules = R"(package p
u := 1 if input.never
calls contains 1 if { n := u == semver.compare("x", "y") }
calls contains 2 if { u = semver.compare("x", "y") }
calls contains 3 if { [u, semver.compare("x", "y")] == [1, 2] }
calls contains 4 if { count([u, semver.compare("x", "y")]) > 0 }
calls contains 5 if { n := {"k": u, "j": semver.compare("x", "y")} }
calls contains 6 if { u in [semver.compare("x", "y")] }
calls contains 7 if { semver.compare("x", "y") == max([]) }
calls contains 8 if { semver.compare("x", "y") = max([n | some n in input.none]) }
asks contains 1 if { input.never + semver.compare("x", "y") > 1 }
asks contains 2 if { count([semver.compare("x", "y"), input.never]) > 1 }
asks contains 3 if { u; semver.compare("x", "y") }
asks contains 4 if { max([]) == semver.compare("x", "y") }
)";
  EvalOptions options;
  options.builtin_errors = BuiltinErrors::strict;
  for (int rule = 1; rule <= 8; ++rule) {
    std::string one;
    for (auto const line : text::split(kRules, '\n'))
      if (!line.starts_with("calls") || line.contains("contains " + std::to_string(rule)))
        one.append(line).append("\n");
    auto const policy = test::policy_of(one);
    CAPTURE(one);
    CHECK_FALSE(test::ask(*policy, "data.p.calls", "{}", options).ok());
    CHECK(test::ask(*policy, "data.p.asks", "{}", options).ok());
  }
}

TEST_CASE(
    "what the input must hold is asked first, but for a reference against another or a "
    "comprehension") {
  EvalOptions options;
  options.builtin_errors = BuiltinErrors::strict;
  auto const answers = [&options](std::string const& later) {
    auto const policy = test::policy_of(
        "package p\nq := 1\nf(x) := 1 if x == 1\nr contains 1 if {\n"
        "  semver.compare(\"x\", \"y\")\n  " +
        later + "\n}\n");
    return test::ask(*policy, "data.p.r", "{}", options).ok();
  };
  for (auto const* const later : {"input.a == 1", "x := input.a", "x = input.a", "f(1) == input.a",
                                  "count([1]) == input.a"}) {
    CAPTURE(std::string(later));
    CHECK(answers(later));
  }
  for (auto const* const later :
       {"input.a == input.a", "input.a == input.b", "input.a == [n | some n in [1]]",
        "[n | some n in [1]] == input.a", "input.a = {n | some n in [1]}", "q == input.a",
        "input.a == q", "input.a = q", "q == data.d.t", "data.p.q == input.a", "input == input.a",
        "input.a == input"}) {
    CAPTURE(std::string(later));
    CHECK_FALSE(answers(later));
  }
}

TEST_CASE("a large product of fractions has the digits of a double, and bytes are no YAML") {
  constexpr WayRow kRows[] = {
      {"x := product([12345678901234567890, 100, 1.5])", "1851851835185185200000"},
      {"x := product([-1.5, 12345678901234567890])", "-18518518351851850000"},
      {"x := product([3, 0.5, 1e21])", "1500000000000000000000"},
      {"x := product([0.5, 1e17])", "50000000000000000"},
      {"x := product([0.5, 9007199254740993])", "4503599627370496"},
      {"x := product([1.1, 1.1])", "1.2100000000000002"},
      {"x := yaml.is_valid(base64url.decode(\"abc\"))", "false"},
      {"x := yaml.is_valid(base64.decode(\"/w==\"))", "false"},
      {"x := yaml.unmarshal(base64.decode(\"/w==\"))", "undefined"},
      {"x := yaml.is_valid(\"\u00e9: 1\")", "true"},
  };
  check_ways(kRows);
}

TEST_CASE("what stands right of := has its value from elsewhere") {
  check_ways(kBindings);
  check_no_ways(kUnbound);
}

TEST_CASE("what a rule's annotations do not hold is told at load") {
  check_ways(kMetadata, kAnnotated);
  check_no_ways(kNotInMetadata, kAnnotated);
}

}  // namespace aw::rego
