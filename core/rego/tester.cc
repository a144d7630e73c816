// SPDX-License-Identifier: Apache-2.0
#include "core/rego/tester.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/rego/compile.h"
#include "core/rego/eval.h"

namespace aw::rego {
namespace {

struct Test {
  std::string package;
  std::string name;
  Place place;
};

std::string package_text(Module const& module) {
  std::string text = "data";
  for (std::string const& step : module.package) text += "." + step;
  return text;
}

std::vector<Test> tests_of(Program const& program, std::string const& run) {
  std::vector<Test> out;
  std::set<std::string> seen;
  RE2 const pattern(run, RE2::Quiet);
  if (!pattern.ok()) return out;
  for (Module const& module : program.modules) {
    for (Rule const& rule : module.rules) {
      std::string const& name = rule.head.ref[0]->name;
      bool is_test = name.starts_with("test_") || name.starts_with("todo_test_");
      if (!is_test || rule.head.function || rule.is_default) continue;
      Test test{package_text(module), name, rule.place};
      std::string full = test.package + "." + name;
      if (!RE2::PartialMatch(full, pattern) || !seen.insert(full).second) continue;
      out.push_back(std::move(test));
    }
  }
  std::ranges::sort(out, [](Test const& a, Test const& b) {
    return std::tie(a.package, a.place.file, a.place.line) <
           std::tie(b.package, b.place.file, b.place.line);
  });
  return out;
}

std::string query_of(Program const& program, Test const& test) {
  std::string query = "data";
  for (Module const& module : program.modules) {
    if (package_text(module) != test.package) continue;
    for (std::string const& step : module.package)
      query += "[" + Value::string(step).to_json() + "]";
    break;
  }
  return query + "[" + Value::string(test.name).to_json() + "]";
}

void judge(Outcome& outcome, TestResult& result) {
  if (!outcome.ok()) {
    result.state = TestState::error;
    result.message = outcome.error->text();
  } else if (outcome.value.defined() && !outcome.value.is_false()) {
    result.state = TestState::passed;
  } else {
    result.state = TestState::failed;
    result.why = std::move(outcome.why);
  }
}

void count(TestReport& report, TestState state) {
  switch (state) {
    case TestState::passed:
      ++report.passed;
      break;
    case TestState::failed:
      ++report.failed;
      break;
    case TestState::error:
      ++report.errors;
      break;
    case TestState::skipped:
      ++report.skipped;
      break;
  }
}

// Lines that hold a head or an expression: those are what can be covered.
class CoverageMap {
 public:
  explicit CoverageMap(Program const& program) : program_(program) {
    for (auto const& group : program.groups) {
      for (RulePlan const& rule : group->rules) add_rule(rule);
      if (group->fallback) add_rule(*group->fallback);
    }
  }

  void cover(std::span<const Place> places) {
    for (Place const& place : places) covered_[place.file].insert(static_cast<int>(place.line));
  }

  Coverage finish() {
    Coverage out;
    for (auto const& [file, lines] : lines_) {
      FileCoverage one;
      one.file = program_.sources[file].name;
      for (int line : lines) {
        (covered_[file].contains(line) ? one.covered : one.not_covered).push_back(line);
      }
      one.percent = percent(one.covered.size(), one.not_covered.size());
      out.covered_lines += one.covered.size();
      out.not_covered_lines += one.not_covered.size();
      out.files.push_back(std::move(one));
    }
    out.percent = percent(out.covered_lines, out.not_covered_lines);
    return out;
  }

 private:
  static double percent(std::size_t covered, std::size_t missed) {
    std::size_t all = covered + missed;
    return all == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
  }

  void add_rule(RulePlan const& rule) {
    lines_[rule.head_place.file].insert(static_cast<int>(rule.head_place.line));
    for_each_statement(rule.body, [&](Statement const& s) {
      if (s.place.line > 0) lines_[s.place.file].insert(static_cast<int>(s.place.line));
    });
    if (rule.otherwise) add_rule(*rule.otherwise);
  }

  Program const& program_;
  std::map<std::uint32_t, std::set<int>> lines_;
  std::map<std::uint32_t, std::set<int>> covered_;
};

TestResult run_one(Policy const& policy, Test const& test, TestOptions const& options,
                   CoverageMap& coverage) {
  TestResult result;
  result.package = test.package;
  result.name = test.name;
  result.location = policy.program().location(test.place);
  if (test.name.starts_with("todo_")) {
    result.state = TestState::skipped;
    return result;
  }
  auto query = policy.prepare(query_of(policy.program(), test));
  if (!query.ok()) {
    result.state = TestState::error;
    result.message = query.error().text();
    return result;
  }
  EvalOptions eval = options.eval;
  eval.print = [&result](Location const&, std::string_view text) {
    result.output.emplace_back(text);
  };
  SteadyTime started = options.clock == nullptr ? SteadyTime{} : options.clock->steady();
  std::vector<Place> places;
  Outcome outcome = evaluate_covered(policy, *query, {}, eval,
                                     options.coverage == CoverageMode::on ? &places : nullptr);
  if (options.clock != nullptr) result.duration = options.clock->steady() - started;
  coverage.cover(places);
  judge(outcome, result);
  return result;
}

}  // namespace

Coverage coverage_of(Policy const& policy, std::span<const Place> places) {
  CoverageMap coverage(policy.program());
  coverage.cover(places);
  return coverage.finish();
}

bool is_pattern(std::string const& run) { return RE2(run, RE2::Quiet).ok(); }

TestReport run_tests(Policy const& policy, TestOptions const& options) {
  TestReport report;
  CoverageMap coverage(policy.program());
  for (Test const& test : tests_of(policy.program(), options.run)) {
    report.results.push_back(run_one(policy, test, options, coverage));
    count(report, report.results.back().state);
  }
  if (options.coverage == CoverageMode::on) report.coverage = coverage.finish();
  return report;
}

}  // namespace aw::rego
