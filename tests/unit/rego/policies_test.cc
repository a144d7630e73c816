// SPDX-License-Identifier: Apache-2.0
// The policies that are shipped pass their own tests, under --strict.
#include <doctest/doctest.h>

#include <filesystem>

#include "core/base/fs.h"
#include "core/rego/tester.h"
#include "tests/support/source_dir.h"

namespace aw::rego {

TEST_CASE("the shipped policies compile strictly, pass their tests and are covered") {
  std::vector<Source> sources;
  for (auto const& entry :
       std::filesystem::directory_iterator(testing::source_dir() / "policies")) {
    if (entry.path().extension() != ".rego") continue;
    auto text = fs::read_file(entry.path());
    REQUIRE(text.ok());
    sources.push_back({entry.path().filename().string(), *text});
  }
  REQUIRE(sources.size() == 6);
  std::vector<Diagnostic> faults;
  auto policy = compile(sources, {}, {.strictness = Strictness::strict}, &faults);
  for (Diagnostic const& fault : faults) MESSAGE(fault.text());
  REQUIRE(policy.ok());
  TestReport report = run_tests(**policy, {.coverage = CoverageMode::on});
  for (TestResult const& result : report.results) {
    CHECK_MESSAGE(result.state == TestState::passed, result.name << " " << result.message);
  }
  CHECK(report.passed == 34);
  CHECK(report.coverage.percent >= 95);
}

TEST_CASE("the example data is a document the default policy understands") {
  auto text = fs::read_file(testing::source_dir() / "policies/data.example.json");
  REQUIRE(text.ok());
  auto data = parse_json(*text);
  REQUIRE(data.ok());
  auto rules = fs::read_file(testing::source_dir() / "policies/default.rego");
  REQUIRE(rules.ok());
  std::vector<Source> sources = {{"default.rego", *rules}};
  auto policy = compile(sources, *data);
  REQUIRE(policy.ok());
  auto query = (*policy)->prepare("agentweave/authz/allow");
  REQUIRE(query.ok());
  auto input = [](std::string_view caller, std::string_view callee, std::string_view action) {
    return Value::object({{"caller_spiffe_id", Value::string(caller)},
                          {"callee_spiffe_id", Value::string(callee)},
                          {"action", Value::string(action)}});
  };
  auto allowed = [&](Value const& given) {
    return (*policy)->evaluate(*query, given).value.is_true();
  };
  CHECK(allowed(
      input("spiffe://partner.example/agent/orders", "spiffe://corp.example/agent/billing", "x")));
  CHECK(allowed(input("spiffe://partner.example/agent/orders", "spiffe://corp.example/agent/search",
                      "query")));
  CHECK_FALSE(allowed(input("spiffe://partner.example/agent/orders",
                            "spiffe://corp.example/agent/search", "drop")));
  CHECK_FALSE(allowed(
      input("spiffe://other.example/agent/x", "spiffe://corp.example/agent/search", "query")));
  CHECK_FALSE(allowed(Value::object(std::vector<Entry>{})));
}

TEST_CASE("the runner tells passed, failed, error and skipped apart, with print output") {
  std::vector<Source> sources = {{"t.rego",
                                  "package t\ntest_good if { print(\"hello\", 1); true }\n"
                                  "test_bad if 1 == 2\ntest_broken if { {1: v | v := [1, 2][_]} }\n"
                                  "todo_test_later if false\n"}};
  auto policy = compile(sources, {});
  REQUIRE(policy.ok());
  TestReport report = run_tests(**policy);
  CHECK(report.passed == 1);
  CHECK(report.failed == 1);
  CHECK(report.errors == 1);
  CHECK(report.skipped == 1);
  REQUIRE(report.results.size() == 4);
  CHECK(report.results[0].name == "test_good");
  CHECK(report.results[0].output == std::vector<std::string>{"hello 1"});
  CHECK(report.results[1].location.line == 3);
  CHECK_FALSE(report.ok());
}

}  // namespace aw::rego
