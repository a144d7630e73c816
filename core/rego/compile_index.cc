// SPDX-License-Identifier: Apache-2.0
// The rule index: which value of the input each rule cannot hold without.
#include <algorithm>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

constexpr std::size_t kLeastRules = 4;  // fewer are tried one by one
constexpr std::size_t kMostPaths = 32;
constexpr std::size_t kMostListed = 4'000'000;  // rules named in all lists of an index

// A path below input, and the values of which it must be one.
struct Demand {
  std::vector<Value> path;
  std::vector<Value> values;
};

bool input_path(Statement const& s, std::vector<Value>& path) {
  if (s.kind != Statement::Kind::ref || s.root != Statement::Root::input || s.steps.empty())
    return false;
  for (Pattern const& step : s.steps) {
    if (step.kind != Pattern::Kind::constant) return false;
    path.push_back(step.value);
  }
  return true;
}

// `input.a == "x"`, and `input.a in {"x", "y"}` (two statements, one variable between them).
std::vector<Demand> demands_of(RulePlan const& rule) {
  std::vector<Demand> out;
  for (std::size_t i = 0; i < rule.body.size(); ++i) {
    Statement const& s = rule.body[i];
    Demand demand;
    if (!input_path(s, demand.path)) continue;
    if (s.out.kind == Pattern::Kind::constant) {
      demand.values = {s.out.value};
      out.push_back(std::move(demand));
      continue;
    }
    if (s.out.kind != Pattern::Kind::var || !s.out.binds) continue;
    for (Statement const& later : rule.body) {
      bool member = later.kind == Statement::Kind::call && later.builtin != nullptr && later.test &&
                    later.builtin->name == "internal.member_2" && later.steps.size() == 2 &&
                    later.steps[0].kind == Pattern::Kind::var &&
                    later.steps[0].slot == s.out.slot &&
                    later.steps[1].kind == Pattern::Kind::constant;
      if (!member) continue;
      auto items = later.steps[1].value.items();
      demand.values.assign(items.begin(), items.end());
      out.push_back(demand);
    }
  }
  return out;
}

// What a rule asks of a text of the input: an expression it must match.
struct PatternDemand {
  std::vector<Value> path;
  std::string expression;
};

std::string expression_of(Statement const& s, std::size_t& subject) {
  auto constant = [&](std::size_t i) {
    return i < s.steps.size() && s.steps[i].kind == Pattern::Kind::constant;
  };
  auto text = [&](std::size_t i) { return s.steps[i].value.as_string(); };
  std::string_view name = s.builtin->name;
  if (name == "glob.match" && constant(0) && constant(1)) {
    subject = 2;
    return glob_expression(text(0), s.steps[1].value);
  }
  if (name == "regex.match" && constant(0)) {
    subject = 1;
    return std::string(text(0));
  }
  if (!constant(1) || !s.steps[1].value.is(Kind::string)) return {};
  subject = 0;
  if (name == "startswith") return "^(?s:" + literal_expression(text(1)) + ")";
  if (name == "endswith") return "(?s:" + literal_expression(text(1)) + ")$";
  return name == "contains" ? literal_expression(text(1)) : "";
}

// The path below input whose value a slot holds.
std::vector<Value> path_in_slot(RulePlan const& rule, Slot slot) {
  for (Statement const& s : rule.body) {
    std::vector<Value> path;
    bool binds = s.out.kind == Pattern::Kind::var && s.out.binds && s.out.slot == slot;
    if (binds && input_path(s, path)) return path;
  }
  return {};
}

std::vector<PatternDemand> pattern_demands_of(RulePlan const& rule) {
  std::vector<PatternDemand> out;
  for (Statement const& s : rule.body) {
    bool asks = s.kind == Statement::Kind::call && s.builtin != nullptr && s.test &&
                s.out.kind == Pattern::Kind::none;
    std::size_t subject = 0;
    std::string expression = asks ? expression_of(s, subject) : "";
    if (expression.empty() || subject >= s.steps.size()) continue;
    Pattern const& text = s.steps[subject];
    if (text.kind != Pattern::Kind::var) continue;
    auto path = path_in_slot(rule, text.slot);
    if (!path.empty()) out.push_back({std::move(path), std::move(expression)});
  }
  return out;
}

// All demands of the path that most rules ask, one a rule, in one set.
void index_patterns(Group& group) {
  std::vector<std::vector<PatternDemand>> demands;
  std::vector<std::pair<std::vector<Value>, std::size_t>> paths;
  for (RulePlan const& rule : group.rules) {
    demands.push_back(rule.otherwise ? std::vector<PatternDemand>{} : pattern_demands_of(rule));
    if (demands.back().empty()) continue;
    auto const& path = demands.back().front().path;
    auto at = std::ranges::find(paths, path, &std::pair<std::vector<Value>, std::size_t>::first);
    if (at != paths.end()) {
      ++at->second;
    } else if (paths.size() < kMostPaths) {
      paths.emplace_back(path, 1);
    }
  }
  auto best =
      std::ranges::max_element(paths, {}, &std::pair<std::vector<Value>, std::size_t>::second);
  if (best == paths.end() || best->second < kLeastRules) return;
  auto set = std::make_shared<PatternSet>();
  group.index.patterned.assign(group.rules.size(), false);
  for (std::uint32_t i = 0; i < demands.size(); ++i) {
    auto own = std::ranges::find(demands[i], best->first, &PatternDemand::path);
    if (own == demands[i].end() || !set->add(own->expression)) continue;
    group.index.pattern_rules.push_back(i);
    group.index.patterned[i] = true;
  }
  if (!set->seal()) return;
  group.index.pattern_path = best->first;
  group.index.patterns = std::move(set);
}

using Demands = std::vector<std::vector<Demand>>;  // by rule

std::vector<std::vector<Value>> paths_of(Demands const& demands) {
  std::vector<std::vector<Value>> paths;
  for (auto const& of_rule : demands) {
    for (Demand const& demand : of_rule) {
      bool known = std::ranges::find(paths, demand.path) != paths.end();
      if (!known && paths.size() < kMostPaths) paths.push_back(demand.path);
    }
  }
  return paths;
}

// How many rules are left to try when one of the values comes, on average.
double rules_left(Demands const& demands, std::vector<Value> const& path) {
  std::unordered_map<Value, double, RuleIndex::Hash> counts;
  double rest = 0;
  for (auto const& of_rule : demands) {
    auto own = std::ranges::find(of_rule, path, &Demand::path);
    if (own == of_rule.end()) {
      ++rest;
    } else {
      for (Value const& value : own->values) ++counts[value];
    }
  }
  double squares = 0;
  double all = 0;
  for (auto const& [value, count] : counts) {
    squares += count * count;
    all += count;
  }
  return all == 0 ? static_cast<double>(demands.size()) : squares / all + rest;
}

// Every list holds the rules that do not ask too.
void close_lists(RuleIndex& index) {
  for (auto& [value, rules] : index.by_value) {
    rules.insert(rules.end(), index.rest.begin(), index.rest.end());
    std::ranges::sort(rules);
    rules.erase(std::ranges::unique(rules).begin(), rules.end());
  }
}

void index_equality(Group& group) {
  Demands demands;
  for (RulePlan const& rule : group.rules) {
    // An else branch may hold where the rule's own body does not.
    demands.push_back(rule.otherwise ? std::vector<Demand>{} : demands_of(rule));
  }
  auto paths = paths_of(demands);
  if (paths.empty()) return;
  auto best = std::ranges::min_element(
      paths, {}, [&](std::vector<Value> const& path) { return rules_left(demands, path); });
  RuleIndex& index = group.index;
  for (std::uint32_t i = 0; i < group.rules.size(); ++i) {
    auto own = std::ranges::find(demands[i], *best, &Demand::path);
    if (own == demands[i].end()) {
      index.rest.push_back(i);
    } else {
      for (Value const& value : own->values) index.by_value[value].push_back(i);
    }
  }
  if (index.by_value.size() * index.rest.size() > kMostListed) {
    index.by_value.clear();
    index.rest.clear();
    return;
  }
  index.path = *best;
  close_lists(index);
}

}  // namespace

void build_index(Group& group) {
  bool fits = group.kind == GroupKind::complete || group.kind == GroupKind::partial_set;
  if (!fits || group.rules.size() < kLeastRules) return;
  index_patterns(group);
  index_equality(group);
}

}  // namespace aw::rego
