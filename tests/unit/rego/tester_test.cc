// SPDX-License-Identifier: Apache-2.0
// Tests written in Rego: which pass, which fail, and what each of their cases does, as `opa test`
// has it.
#include "core/rego/tester.h"

#include <doctest/doctest.h>

#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

std::string_view word_of(TestState state) {
  return state == TestState::passed   ? "pass"
         : state == TestState::failed ? "fail"
         : state == TestState::error  ? "error"
                                      : "skip";
}

// One word a test, and in parentheses one a case.
std::string tested(std::string_view rules) {
  auto policy = test::policy_of("package t\n" + std::string(rules));
  std::string out;
  for (TestResult const& result : run_tests(*policy).results) {
    out += (out.empty() ? "" : ", ") + result.name + " " + std::string(word_of(result.state));
    std::string cases;
    for (TestCase const& one : result.cases) {
      if (!cases.empty()) cases += ' ';
      for (std::size_t i = 0; i < one.path.size(); ++i) cases += (i > 0 ? "/" : "") + one.path[i];
      cases += ':';
      cases += word_of(one.state);
    }
    if (!cases.empty()) out += " (" + cases + ")";
  }
  return out;
}

struct TestedRow {
  std::string_view rules;
  std::string_view said;
};

// Held against `opa test` 1.22.2.
constexpr TestedRow kTested[] = {
    {"test_a if true", "test_a pass"},
    {"test_a if false", "test_a fail"},
    {"todo_test_a if true", "todo_test_a skip"},
    {"test_a if { {1: x | x := [1, 2][_]} }", "test_a error"},
    // True passes, and nothing else.
    {"test_a := \"a\"", "test_a fail"},
    {"test_a := 0", "test_a fail"},
    {"test_a := {\"a\": true}", "test_a fail"},
    {"test_a contains 1", "test_a fail"},
    {"test_a.b if true", "test_a fail"},
    {"test_a.test_b if false", "test_a fail"},
    {"test_a[\"b\"] if true", "test_a fail"},
    {"a.test_b if true", "a.test_b pass"},
    {"a.test_b if false", "a.test_b fail"},
    // Each rule of a name is a test.
    {"test_a if true\ntest_a if false", "test_a pass, test_a#01 fail"},
    {"test_a if false\ntest_a if true\ntest_a if true",
     "test_a fail, test_a#01 pass, test_a#02 pass"},
    {"test_a if { false } else if { true }", "test_a pass"},
    // Cases.
    {"test_a[n] if { some n, c in {\"one\": 1, \"two\": 2}; c == 1 }",
     "test_a fail (one:pass two:fail)"},
    {"test_a[n] if { some n, c in {\"one\": 1, \"two\": 2}; c < 3 }",
     "test_a pass (one:pass two:pass)"},
    {"test_a[n] if { some n in []; n == 1 }", "test_a pass"},
    {"test_a[n] if { 1 == 2; some n in [\"a\"] }", "test_a pass"},
    {"test_a[n] := false if { some n in [\"a\"] }", "test_a fail (a:fail)"},
    {"test_a[n] if { some n in [1, 2]; n == 1 }", "test_a fail (1:pass 2:fail)"},
    {"test_a[n].foo if { some n in [\"a\", \"b\"]; n == \"a\" }",
     "test_a fail (a/foo:pass b/foo:fail)"},
    {"test_a[n][m] if { some n, v in {\"a\": [1, 2], \"b\": [3]}; some m, w in v; w != 3 }",
     "test_a fail (a/0:pass a/1:pass b/0:fail)"},
    {"test_a[o.name] if { some o in [{\"name\": \"n1\", \"v\": 1}, {\"name\": \"n2\", \"v\": 2}]; "
     "o.v == 1 }",
     "test_a fail (n1:pass n2:fail)"},
    {"test_a[n] if { some n in [\"a\"]; n == \"b\" }\ntest_a[n] if { some n in [\"a\", \"c\"]; n "
     "== \"a\" }",
     "test_a fail (a:fail), test_a#01 fail (a:pass c:fail)"},
    {"test_a[n] if { some n in [\"a\", \"b\"]; {1: x | x := [1, 2][_]} }", "test_a error"},
    {"test_a[n] if { some n, c in {\"x\": 1, \"y\": 2}; input.v == 1 with input.v as c }",
     "test_a fail (x:pass y:fail)"},
};

}  // namespace

TEST_CASE("a test passes when it is true, each rule and each case of it by itself") {
  for (TestedRow const& row : kTested) {
    INFO(row.rules);
    CHECK(tested(row.rules) == row.said);
  }
}

TEST_CASE("a report counts cases, and is not good when one of them fails") {
  auto policy = test::policy_of(
      "package t\ntest_a[n] if { some n, c in {\"one\": 1, \"two\": 2}; c == 1 }\ntest_b if true\n"
      "todo_test_c if true");
  TestReport const report = run_tests(*policy);
  CHECK(report.passed == 2);
  CHECK(report.failed == 1);
  CHECK(report.skipped == 1);
  CHECK(report.total() == 4);
  CHECK_FALSE(report.ok());
}

TEST_CASE("tests are chosen by the name with its package") {
  auto policy = test::policy_of("package t\ntest_a if true\ntest_b if true\na.test_a if true");
  CHECK(run_tests(*policy, {.run = "t.test_a"}).results.size() == 1);
  CHECK(run_tests(*policy, {.run = "test_a"}).results.size() == 2);
  CHECK(run_tests(*policy, {.run = "test_z"}).results.empty());
}

}  // namespace aw::rego
