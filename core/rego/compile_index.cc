// SPDX-License-Identifier: Apache-2.0
// The rule index: which value of the input each rule cannot hold without.
#include <algorithm>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

constexpr std::size_t kLeastRules = 4;  // fewer are tried one by one

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

}  // namespace

void build_index(Group& group) {
  bool fits = group.kind == GroupKind::complete || group.kind == GroupKind::partial_set;
  if (!fits || group.rules.size() < kLeastRules) return;
  std::vector<std::vector<Demand>> demands;
  std::vector<std::pair<std::vector<Value>, std::size_t>> paths;
  for (RulePlan const& rule : group.rules) {
    // An else branch may hold where the rule's own body does not.
    demands.push_back(rule.otherwise ? std::vector<Demand>{} : demands_of(rule));
    for (Demand const& demand : demands.back()) {
      auto at =
          std::ranges::find(paths, demand.path, &std::pair<std::vector<Value>, std::size_t>::first);
      if (at == paths.end()) {
        if (paths.size() < 32) paths.emplace_back(demand.path, 1);
      } else {
        ++at->second;
      }
    }
  }
  if (paths.empty()) return;
  auto best =
      std::ranges::max_element(paths, {}, &std::pair<std::vector<Value>, std::size_t>::second);
  group.index.path = best->first;
  std::vector<std::vector<Value>> asked(group.rules.size());
  for (std::uint32_t i = 0; i < group.rules.size(); ++i) {
    auto own = std::ranges::find(demands[i], best->first, &Demand::path);
    if (own == demands[i].end()) {
      group.index.rest.push_back(i);
    } else {
      for (Value const& value : own->values) group.index.by_value[value].push_back(i);
    }
  }
  for (auto& [value, rules] : group.index.by_value) {
    rules.insert(rules.end(), group.index.rest.begin(), group.index.rest.end());
    std::ranges::sort(rules);
    rules.erase(std::ranges::unique(rules).begin(), rules.end());
  }
}

}  // namespace aw::rego
