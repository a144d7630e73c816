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
    {"import future.keywords.not\nx if not a := 1", "rego_compile_error",
     "cannot assign vars inside negated expression"},
    {"import future.keywords.not\nx if not count(input.a[_]) == 1", "rego_unsafe_var_error",
     "var _ is unsafe"},
    {"import future.keywords.not\nx if not { not a = 1 }", "rego_unsafe_var_error",
     "var a is unsafe"},
    {"x if { a := 1; some a in [1] }", "rego_compile_error", "var a assigned above"},
    {"x if { some a in [1]; some a in [2] }", "rego_compile_error", "var a declared above"},
    {"x if { input[a]; some b, a in [1]; b }", "rego_compile_error", "var a referenced above"},
    {"x if { some a in [[1]][a] }", "rego_compile_error", "var a assigned before"},
    {"x if { some [input.b[i], a] in input.c[i]; a }", "rego_compile_error",
     "var i assigned before"},
    {"f(a) if { a := 1 }", "rego_compile_error", "arg a redeclared"},
    {"f([a]) if { some a; a = 1 }", "rego_compile_error", "arg a redeclared"},
    {"f(1 + 1) := 1", "rego_compile_error", "rule arguments cannot contain calls"},
    {"f([input]) := 1", "rego_compile_error",
     "args must not shadow input (use a different variable name)"},
    {"y := {\"a\": 1}\nx if y.a == 2 with y.a as 2", "rego_compile_error",
     "with keyword cannot partially replace virtual document(s)"},
    {"x if { print(input[_]) }", "rego_compile_error", "var _ is undeclared"},
    {"x if { print(a); a = 7 }", "rego_compile_error", "var a is undeclared"},
    {"x := $\"{input.a[_]}\"", "rego_compile_error", "var _ is undeclared"},
    {"x := $\"{input.a[i]}\"", "rego_compile_error", "var i is undeclared"},
    {"x if { some i; $\"{input.a[i]}\" }", "rego_compile_error", "var i is undeclared"},
    {"import rego.v1 as y", "rego_parse_error", "`rego` imports cannot be aliased"},
    {"import future.keywords.in as y", "rego_parse_error", "`future` imports cannot be aliased"},
    {"count([1])", "rego_parse_error", "rule name conflicts with built-in function"},
    {"x := 1\n# METADATA\n# scope: rule", "rego_parse_error",
     "annotation scope 'rule' must be applied to rule"},
    {"# METADATA\n# entrypoint: true\n# scope: rule\nx := 1", "rego_parse_error",
     "annotation entrypoint applied to non-document or package scope 'rule'"},
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

TEST_CASE("what looks like a fault and is none is taken") {
  for (std::string_view rule :
       {"x if not input.a + 1 = 2", "x if not input.a + input.b == input.c",
        "x if not 2 == input.a + 1", "import future.keywords.not\nx if not { a := 1; a == 2 }",
        "x if { i := 1; $\"{input.a[i]}\" }", "x := $\"{[v | v := input[_]]}\"",
        "x if { $\"{a}\"; a = 1 }", "x if { print([v | v := input[_]]) }",
        "x := [a | some a in [1]]\ny := [a | some a in [2]]", "f(a) := [a | some a in [1]]",
        "# METADATA\n# title: a\n# METADATA\n# title: b\nx := 1",
        "# METADATA\n# entrypoint: true\nx := 1", "count(a) := a", "x if { a = [[], {}]; a[_][i] }",
        "import future.keywords.and\nx if (input.a and input.b) with input.a as 1",
        "minus(a, b) := a\nx := -input.a"}) {
    (void)policy_of("package p\n" + std::string(rule) + "\n");
  }
}

TEST_CASE("a reference may be negative") {
  struct Row {
    std::string_view rules;
    std::string_view value;
  };
  for (Row const& row : {Row{"x := -input.a", "-3"}, Row{"x := 1 - -input.a", "4"},
                         Row{"x := 2 * -input.a", "-6"}, Row{"x := -input.a + 2", "-1"},
                         Row{"x := [- input.a]", "[-3]"}, Row{"x := -count([1, 2])", "-2"},
                         Row{"x := y if { a := 5; y := -a }", "-5"}, Row{"x := 4 -1", "3"}}) {
    CHECK_MESSAGE(test::x_of(row.rules, R"({"a": 3})") == row.value, row.rules);
  }
  for (std::string_view rule : {"x := --input.a", "x := -(1)", "x := -[1][0]", "x := -\"a\""}) {
    CHECK(faults_of("package p\n" + std::string(rule) + "\n")[0].code == "rego_parse_error");
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
