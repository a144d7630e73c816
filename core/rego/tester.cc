// SPDX-License-Identifier: Apache-2.0
#include "core/rego/tester.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/rego/compile.h"
#include "core/rego/eval.h"
#include "core/rego/test_cases.h"

namespace aw::rego {
namespace {

struct Test {
  std::vector<std::string> package;
  std::vector<std::string> path;  // below the package
  std::string name;
  Place place;
  Group const* group = nullptr;  // null: what it names is made of several
  RulePlan const* plan = nullptr;
};

std::string package_text(std::vector<std::string> const& package) {
  std::string text = "data";
  for (std::string const& step : package) text += "." + step;
  return text;
}

// The steps of the head up to the one that says test_; none when no step does.
std::vector<std::string> test_path(Rule const& rule) {
  std::vector<std::string> path;
  for (TermPtr const& step : rule.head.ref) {
    bool const name = path.empty() || is_string(step);
    if (!name) return {};
    path.emplace_back(path.empty() ? step->name : std::string(step->value.as_string()));
    if (path.back().starts_with("test_") || path.back().starts_with("todo_test_")) return path;
  }
  return {};
}

bool is_todo(Test const& test) { return test.path.back().starts_with("todo_"); }

using Plans = std::map<std::pair<std::uint32_t, std::uint32_t>,
                       std::pair<Group const*, RulePlan const*>>;  // by place

Plans plans_of(Program const& program) {
  Plans plans;
  for (auto const& group : program.groups) {
    for (RulePlan const& rule : group->rules) {
      plans[{rule.place.file, rule.place.offset}] = {group.get(), &rule};
    }
  }
  return plans;
}

// A second rule of a name is a test of its own, as in OPA.
void number_tests(std::vector<Test>& tests) {
  std::map<std::string, int> seen;
  for (Test& test : tests) {
    int const before = seen[package_text(test.package) + "." + test.name]++;
    if (before == 0) continue;
    std::string const digits = std::to_string(before);
    test.name += (digits.size() < 2 ? "#0" : "#") + digits;
  }
}

std::vector<Test> tests_of(Program const& program, std::string const& run) {
  std::vector<Test> out;
  RE2 const pattern(run, RE2::Quiet);
  if (!pattern.ok()) return out;
  Plans const plans = plans_of(program);
  for (Module const& module : program.modules) {
    for (Rule const& rule : module.rules) {
      Test test{.package = module.package, .path = test_path(rule), .place = rule.place};
      if (test.path.empty() || rule.head.function || rule.is_default) continue;
      test.name = ref_text(test.path);
      if (!RE2::PartialMatch(package_text(test.package) + "." + test.name, pattern)) continue;
      auto const plan = plans.find({rule.place.file, rule.place.offset});
      if (plan != plans.end()) std::tie(test.group, test.plan) = plan->second;
      std::size_t const depth = test.package.size() + test.path.size();
      if (test.group != nullptr && test.group->node->path.size() != depth) test.group = nullptr;
      out.push_back(std::move(test));
    }
  }
  std::ranges::sort(out, [](Test const& a, Test const& b) {
    return std::tie(a.package, a.place.file, a.place.line, a.place.column) <
           std::tie(b.package, b.place.file, b.place.line, b.place.column);
  });
  number_tests(out);
  return out;
}

std::string query_of(Test const& test) {
  std::string query = "data";
  for (auto const* names : {&test.package, &test.path}) {
    for (std::string const& step : *names) query += "[" + Value::string(step).to_json() + "]";
  }
  return query;
}

void set_error(Outcome const& outcome, TestResult& result) {
  result.state = TestState::error;
  result.message = outcome.error->text();
}

void judge(Outcome& outcome, TestResult& result) {
  if (!outcome.ok()) return set_error(outcome, result);
  bool const passed = outcome.value.is_true();
  result.state = passed ? TestState::passed : TestState::failed;
  if (!passed) result.why = std::move(outcome.why);
}

struct InOrder {
  bool operator()(Value const& a, Value const& b) const { return compare(a, b) < 0; }
};
using CasePaths = std::set<Value, InOrder>;  // arrays of a head's steps

// The heads for which the block holds; false: it ended in an error, which is told.
bool heads_of(Policy const& policy, RulePlan const& rule, Block const& block,
              EvalOptions const& options, CasePaths& out, TestResult& result) {
  Outcome outcome;
  Evaluator evaluator(policy.program(), {}, options);
  evaluator.run_heads(rule, block, outcome);
  if (!outcome.ok()) return set_error(outcome, result), false;
  for (auto& steps : outcome.expressions) out.insert(Value::array(std::move(steps)));
  return true;
}

// A case is a name that the body finds; it passes when the whole body holds for it.
void judge_cases(Policy const& policy, Test const& test, EvalOptions options, TestResult& result) {
  options.print = nullptr;  // it was printed already
  options.trace = TraceLevel::off;
  CasePaths found;
  CasePaths held;
  bool const says_true = test.plan->constant_value && test.plan->value.value.is_true();
  if (!heads_of(policy, *test.plan, finding_cases(*test.plan), options, found, result)) return;
  if (!heads_of(policy, *test.plan, test.plan->body, options, held, result)) return;
  result.state = TestState::passed;
  for (Value const& path : found) {
    TestCase one;
    for (Value const& step : path.items()) {
      one.path.push_back(step.is(Kind::string) ? std::string(step.as_string()) : step.to_json());
    }
    one.state = says_true && held.contains(path) ? TestState::passed : TestState::failed;
    if (one.state == TestState::failed) result.state = TestState::failed;
    result.cases.push_back(std::move(one));
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

void count(TestReport& report, TestResult const& result) {
  if (result.cases.empty()) return count(report, result.state);
  for (TestCase const& one : result.cases) count(report, one.state);
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

// One of several rules of a name is asked alone.
Outcome evaluate_test(Policy const& policy, Test const& test, EvalOptions const& options,
                      std::vector<Place>* covered) {
  bool const alone = test.group != nullptr && test.group->kind == GroupKind::complete &&
                     test.group->rules.size() > 1;
  Outcome outcome;
  if (alone) {
    Evaluator evaluator(policy.program(), {}, options);
    evaluator.cover(covered);
    evaluator.run_rule(*test.group, *test.plan, outcome);
    return outcome;
  }
  auto query = policy.prepare(query_of(test));
  if (query.ok()) return evaluate_covered(policy, *query, {}, options, covered);
  outcome.error = std::make_unique<EvalError>();
  outcome.error->code = "rego_compile_error";
  outcome.error->message = query.error().text();
  return outcome;
}

TestResult run_one(Policy const& policy, Test const& test, TestOptions const& options,
                   CoverageMap& coverage) {
  TestResult result;
  result.package = package_text(test.package);
  result.name = test.name;
  result.location = policy.program().location(test.place);
  if (is_todo(test)) {
    result.state = TestState::skipped;
    return result;
  }
  EvalOptions eval = options.eval;
  eval.print = [&result](Location const&, std::string_view text) {
    result.output.emplace_back(text);
  };
  SteadyTime started = options.clock == nullptr ? SteadyTime{} : options.clock->steady();
  std::vector<Place> places;
  Outcome outcome =
      evaluate_test(policy, test, eval, options.coverage == CoverageMode::on ? &places : nullptr);
  if (options.clock != nullptr) result.duration = options.clock->steady() - started;
  coverage.cover(places);
  bool const cases = test.group != nullptr && test.group->kind == GroupKind::partial_object &&
                     !test.plan->multi_value && has_cases(*test.plan);
  judge(outcome, result);
  if (cases && outcome.ok()) judge_cases(policy, test, eval, result);
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
    count(report, report.results.back());
  }
  if (options.coverage == CoverageMode::on) report.coverage = coverage.finish();
  return report;
}

}  // namespace aw::rego
