// SPDX-License-Identifier: Apache-2.0
#include "core/rego/test_cases.h"

#include <algorithm>
#include <set>
#include <vector>

namespace aw::rego {
namespace {

using Slots = std::set<Slot>;

void add_slots(Pattern const& pattern, Slots& out) {
  if (pattern.kind == Pattern::Kind::var) out.insert(pattern.slot);
  for (Pattern const& item : pattern.items) add_slots(item, out);
}

void add_bound(Pattern const& pattern, Slots& out) {
  if (pattern.kind == Pattern::Kind::var && pattern.binds) out.insert(pattern.slot);
  for (Pattern const& item : pattern.items) add_bound(item, out);
}

// What later statements find bound because of this one.
void add_bound(Statement const& s, Slots& out) {
  using Kind = Statement::Kind;
  if (s.kind == Kind::unify) add_bound(s.left, out);
  if (s.kind == Kind::ref) {
    for (Pattern const& step : s.steps) add_bound(step, out);
  }
  bool const results = s.kind == Kind::unify || s.kind == Kind::ref || s.kind == Kind::call ||
                       s.kind == Kind::comprehension;
  if (results) add_bound(s.out, out);
  if (s.kind == Kind::with) {
    for (Statement const& inner : s.body) add_bound(inner, out);
  }
}

void add_all(Statement const& s, Slots& out) {
  if (s.kind == Statement::Kind::ref && s.root == Statement::Root::slot) out.insert(s.slot);
  add_slots(s.left, out);
  add_slots(s.out, out);
  for (Pattern const& step : s.steps) add_slots(step, out);
  for (WithTarget const& target : s.targets) add_slots(target.value, out);
  for (Statement const& inner : s.body) add_all(inner, out);
  for (Statement const& inner : s.other) add_all(inner, out);
}

// By statement: whether the names follow from it.
std::vector<bool> leading_to(RulePlan const& rule) {
  Slots needed;
  for (Pattern const& step : rule.suffix) add_slots(step, needed);
  std::vector<bool> out(rule.body.size(), false);
  for (std::size_t i = rule.body.size(); i > 0; --i) {
    Statement const& s = rule.body[i - 1];
    Slots bound;
    add_bound(s, bound);
    out[i - 1] = std::ranges::any_of(bound, [&](Slot slot) { return needed.contains(slot); });
    if (out[i - 1]) add_all(s, needed);
  }
  return out;
}

}  // namespace

bool has_cases(RulePlan const& rule) {
  return std::ranges::any_of(
      rule.suffix, [](Pattern const& step) { return step.kind != Pattern::Kind::constant; });
}

// What the head computes stands behind the body, and is asked for each name that the body finds.
Block finding_cases(RulePlan const& rule) {
  auto const leads = leading_to(rule);
  auto const of_head = [&](Statement const& s) {
    return s.expr < rule.exprs.size() && rule.exprs[s.expr].generated;
  };
  std::size_t written = 0;
  for (std::size_t i = 0; i < rule.body.size(); ++i) {
    if (leads[i] && !of_head(rule.body[i])) written = i + 1;
  }
  Block out;
  for (std::size_t i = 0; i < rule.body.size(); ++i) {
    if (i < written || leads[i]) out.push_back(rule.body[i]);
  }
  return out;
}

}  // namespace aw::rego
