// SPDX-License-Identifier: Apache-2.0
// What `with` may replace, and what each replacement gives.
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::faults_of;
using test::x_of;

namespace {

struct WithRow {
  std::string_view rules;
  std::string_view x;
};

constexpr WithRow kReplaced[] = {
    {"x := v if v := input with input as 1", "1"},
    {"x := v if v := input with input.a as 1 with input as 2", "2"},
    {"x := v if v := input with input as 2 with input.a as 1", R"({"a": 1})"},
    {R"(x := v if v := input.a with input["a b"] as 1)", "2"},
    {R"(x := v if v := input["a b"] with input["a b"] as 1)", "1"},
    {"x := v if v := data.b.c with data.b.c as 5", "5"},
    {"x := v if v := data.b with data.b.c as 5", R"({"c": 5, "d": 7})"},
    {"x := v if v := count([1, 2]) with count as 9", "9"},
    {"x := v if v := count([1, 2]) with count as f\nf(_) := 8", "8"},
    {"x := v if v := f(1) with f as abs\nf(_) := 8", "1"},
    // A refused function may be named where it is replaced right here.
    {"x := v if v := http.send({}) with http.send as {\"body\": 3}", R"({"body": 3})"},
    {"x := v if v := http.send({\"url\": \"u\"}) with http.send as f\nf(r) := r.url", R"("u")"},
    {"x := v if v := [r | some v in [1, 2]; r := http.send({\"v\": v})] with http.send as f\nf(r) "
     ":= r.v",
     "[1, 2]"},
    {"x := v if v := net.lookup_ip_addr(\"h\") with net.lookup_ip_addr as {\"10.0.0.1\"}",
     R"({"10.0.0.1"})"},
    {"x := v if v := 1 with http.send as 2", "1"},
    // A path that is not all names is no document's.
    {"x := v if v := input with input[0] as 1", "p.rego:2: eval_conflict_error: bad document path"},
    {"x := v if v := input with input.a[0] as 1",
     "p.rego:2: eval_conflict_error: bad document path"},
    {"x := v if v := data.b with data[1] as 1", "p.rego:2: eval_conflict_error: bad document path"},
    {"x if { some k in [\"a\"]; input.a with input[k] as 1 }",
     "p.rego:2: eval_conflict_error: bad document path"},
};

struct RefusedRow {
  std::string_view rules;
  std::string_view code;
  std::string_view message;
};

constexpr RefusedRow kRefused[] = {
    {"x := v if v := 1 with nosuch as 1", "rego_type_error",
     "with keyword target must reference existing input, data, or a function"},
    {"x := v if v := 1 with http as 1", "rego_type_error",
     "with keyword target must reference existing input, data, or a function"},
    {"x := v if v := 1 with eq as 1", "rego_compile_error",
     "with keyword replacing built-in function: replacement of \"eq\" invalid"},
    {"x := v if v := 1 with rego.metadata.rule as 1", "rego_compile_error",
     "with keyword replacing built-in function: replacement of \"rego.metadata.rule\" invalid"},
    {"x := v if v := 1 with internal.print as 1", "rego_compile_error",
     "with keyword replacing built-in function: replacement of internal function "
     "\"internal.print\" invalid"},
    {"x := v if v := 1 with walk as 1", "rego_compile_error",
     "with keyword replacing built-in function: target must not be a relation"},
    {"x := v if v := 1 with count as f\nf(_, _) := 1", "rego_type_error", "count: arity mismatch"},
    {"x := v if v := 1 with input[y] as 1", "rego_unsafe_var_error", "var y is unsafe"},
    // No way round the refusal: not as the stand-in, not behind a rule, not in the replacement.
    {"x := v if v := count([]) with count as http.send", "rego_type_error",
     "builtin function http.send is not supported"},
    {"x := v if v := y with http.send as 1\ny := http.send({})", "rego_type_error",
     "builtin function http.send is not supported"},
    {"x := v if v := 1 with http.send as http.send({})", "rego_type_error",
     "builtin function http.send is not supported"},
    {"x := [1 | http.send({})]", "rego_type_error", "builtin function http.send is not supported"},
};

}  // namespace

TEST_CASE("with replaces input, data and functions, also those that are refused otherwise") {
  for (WithRow const& row : kReplaced) {
    CAPTURE(row.rules);
    CHECK(x_of(row.rules, R"({"a": 2})", R"({"b": {"c": 6, "d": 7}})") == row.x);
  }
}

TEST_CASE("what with cannot replace is refused at load, and it is no way to a refused function") {
  for (RefusedRow const& row : kRefused) {
    CAPTURE(row.rules);
    auto const faults = faults_of("package p\n" + std::string(row.rules) + "\n");
    bool told = false;
    for (Diagnostic const& fault : faults) {
      told = told || (fault.code == row.code && fault.message == row.message);
    }
    CHECK(told);
  }
}

TEST_CASE("a function that the configuration denies is no stand-in either") {
  CompileOptions const denied{.deny_builtins = {"crypto.md5"}};
  auto const faults =
      faults_of("package p\nf(a) := a\nx := v if v := f(\"\") with f as crypto.md5\n", denied);
  REQUIRE_FALSE(faults.empty());
  CHECK(faults[0].message == "builtin function crypto.md5 is not supported");
}

}  // namespace aw::rego
