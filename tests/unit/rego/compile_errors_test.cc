// SPDX-License-Identifier: Apache-2.0
// Every fault of a module has its code and its words, as OPA has them.
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::faults_of;
using test::policy_of;

namespace {

struct FaultRow {
  std::string_view module;  // below `package p`
  std::string_view code;
  std::string_view message;
};

constexpr FaultRow kFaults[] = {
    {"x if y", "rego_unsafe_var_error", "var y is unsafe"},
    {"x if _", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if { not y }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x if { y > 0 }", "rego_unsafe_var_error", "var y is unsafe"},
    {"x if not startswith(input.a[_], \"b\")", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if not input.a[_] in [1]", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if not input.a[i] != 1", "rego_unsafe_var_error", "var i is unsafe"},
    {"x if not [1, input[_]] == input.y", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if not input.a[input.b[_]]", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if not f(input[_]) with input.a as 1\nf(_)", "rego_unsafe_var_error", "var _ is unsafe"},
    {"x if { [a, a] := input.b }", "rego_compile_error", "var a assigned above"},
    {"x if { [a] := input.b; [a] := input.c; a }", "rego_compile_error", "var a assigned above"},
    {"x if { some a; [a] := input.b; a }", "rego_compile_error", "var a declared above"},
    {"x if { a == 1; [a] := input.b }", "rego_compile_error", "var a referenced above"},
    {"x if { print(y) }", "rego_compile_error", "var y is undeclared"},
    {"x := print(1)", "rego_type_error", "print(1) used as value"},
    {"x if { a := a }", "rego_compile_error", "var a referenced above"},
    {"x if { a = 1; a := 2 }", "rego_compile_error", "var a referenced above"},
    {"x if { [a, 1] := [2, 1]; a }", "rego_compile_error", "cannot assign to number"},
    {"x if { {\"k\": \"v\"} := {\"k\": \"v\"} }", "rego_compile_error", "cannot assign to string"},
    {"x if { a.b := 1 }", "rego_compile_error", "cannot assign to ref"},
    {"x if { input := 1 }", "rego_compile_error",
     "variables must not shadow input (use a different variable name)"},
    {"x if { some a; input.a }", "rego_compile_error", "declared var a unused"},
    {"x if every a in [1] { true }", "rego_compile_error", "declared var a unused"},
    {"input := 1", "rego_compile_error", "rules must not shadow input (use a different rule name)"},
    {"data := 1", "rego_compile_error", "rules must not shadow data (use a different rule name)"},
    {"f(input) := 1", "rego_compile_error",
     "args must not shadow input (use a different variable name)"},
    {"import data.a\nimport data.a", "rego_compile_error", "import must not shadow import data.a"},
    {"import rego.v1\nimport rego.v1", "rego_compile_error",
     "import must not shadow import rego.v1"},
    {"import future.keywords.or\nx if y := 1 or true", "rego_compile_error",
     "cannot assign vars inside implicit or operand"},
    {"x if { true with data.p.x as 1 }", "rego_recursion_error",
     "rule data.p.x is recursive: data.p.x -> data.p.x"},
    {"f(a) := f(a)", "rego_recursion_error", "rule data.p.f is recursive: data.p.f -> data.p.f"},
    {"default x := y", "rego_parse_error", "illegal default rule (value cannot contain var)"},
    {"default x := input.a", "rego_parse_error", "illegal default rule (value cannot contain ref)"},
    {"default x := count([])", "rego_parse_error",
     "illegal default rule (value cannot contain call)"},
    {"default f(1) := 1", "rego_parse_error",
     "illegal default rule (arguments cannot contain number)"},
    {"default f(a, a) := 1", "rego_parse_error",
     "illegal default rule (arguments cannot be repeated a)"},
    {"x := 1 else := 2", "rego_parse_error", "unexpected else keyword"},
    {"import data.a as input", "rego_parse_error",
     "unexpected import alias, must not be a reserved name, got: input"},
    {"x := \"abc\"[0]", "rego_parse_error", "illegal ref (head cannot be string)"},
    {"x := 1; y := 2", "rego_parse_error", "unexpected ; token"},
    {"# METADATA\n# scope: nope\nx := 1", "rego_parse_error",
     "invalid annotation scope 'nope'. Use one of 'rule', 'document', 'package', 'subpackages'"},
    {"# METADATA\n# scope: package\nx := 1", "rego_parse_error",
     "annotation scope 'package' must be applied to package (have rule)"},
    {"x := net.cidr_merge({\"a\", true})", "rego_type_error",
     "net.cidr_merge: invalid argument(s)"},
    {"x := concat(\",\", {\"a\", 1})", "rego_type_error", "concat: invalid argument(s)"},
    {"x if {\"a\", 1} in {{2}}", "rego_type_error", "match error"},
    {"f(input.a) := 1", "rego_unsafe_var_error", "var input is unsafe"},
    {"# METADATA\n# scope: document\nx := 1\n# METADATA\n# scope: document\nx := 1",
     "rego_type_error", "document annotation redeclared: p.rego:2"},
    {"# METADATA\n# scope: document\na.b.c := 1\n# METADATA\n# scope: document\na.b.c := 1",
     "rego_type_error", "document annotation redeclared: p.rego:2"},
};

}  // namespace

TEST_CASE("each fault has its code and words") {
  for (FaultRow const& row : kFaults) {
    auto faults = faults_of("package p\n" + std::string(row.module) + "\n");
    REQUIRE_MESSAGE(!faults.empty(), row.module);
    bool told = false;
    for (Diagnostic const& fault : faults) {
      told = told || (fault.code == row.code && fault.message.starts_with(row.message));
    }
    std::string said = std::string(row.module) + " says " + faults[0].text();
    CHECK_MESSAGE(told, said);
  }
}

TEST_CASE("arguments of calls inside a negated expression are found before it") {
  for (std::string_view rule :
       {"x if not count(input.a[_]) == 1", "x if not input[count(input.a[_])]",
        "x if not f({v | v := input[_]})\nf(_)", "x if { some i; not input.a[i] == input.b[i] }",
        "x if { some i; input.c[i]; not startswith(input.a[i], \"b\") }"}) {
    bool const open = rule.contains("some i; not");
    if (open) {
      CHECK(faults_of("package p\n" + std::string(rule) + "\n")[0].code == "rego_unsafe_var_error");
    } else {
      (void)policy_of("package p\n" + std::string(rule) + "\n");
    }
  }
}

TEST_CASE("names that an assignment takes apart may go unused, but not in strict mode") {
  (void)policy_of("package p\nx if { [a, b] := input.a }\n");
  auto faults =
      faults_of("package p\nx if { {\"k\": a} := input.a }\n", {.strictness = Strictness::strict});
  CHECK(faults[0].message == "assigned var a unused");
}

TEST_CASE("strict mode tells of arguments that no body of the rule reads") {
  CompileOptions strict{.strictness = Strictness::strict};
  CHECK(faults_of("package p\nf(a, b) := a\n", strict)[0].message ==
        "unused argument b. (hint: use _ (wildcard variable) instead)");
  std::vector<Source> used = {{"p.rego", "package p\nf(a) := 1 if input.x else := a\n"}};
  CHECK(compile(used, {}, strict).ok());
  std::vector<Source> some = {{"p.rego", "package p\nx if { some a in [1]; true }\n"}};
  CHECK(compile(some, {}, strict).ok());
}

TEST_CASE("what looks odd and is Rego is taken") {
  for (std::string_view module :
       {"x := - 1", "x := 1 y := 2", "default x", "f(1)", "x := {1, }", "x := [1, ]",
        "x := 1 if true y := 2", "import future.keywords.in\nimport future.keywords.if",
        "x := \"a\tb\"", "f(a) if a else := 2", "x if { input.a } else if input.b", "x := [, 1]",
        "x := {, 1}", "x := {, \"a\": 1}",
        "# METADATA\n# scope: rule\nx := 1\n# METADATA\n# scope: rule\nx := 1",
        "# METADATA\n# scope: document\nx := 1\n# METADATA\n# scope: document\ny := 1"}) {
    (void)policy_of("package p\n" + std::string(module) + "\n");
  }
}

TEST_CASE("a package has one annotation of its own, in whatever file") {
  std::string const text = "# METADATA\n# title: t\npackage p\n";
  std::vector<Source> const sources = {{"b.rego", text}, {"a.rego", text + "\nx := 1\n"}};
  std::vector<Diagnostic> faults;
  CHECK_FALSE(compile(sources, {}, {}, &faults).ok());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].code == "rego_type_error");
  CHECK(faults[0].file == "b.rego");
  CHECK(faults[0].message == "package annotation redeclared: a.rego:1");
}

}  // namespace aw::rego
