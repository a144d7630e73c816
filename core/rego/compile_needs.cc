// SPDX-License-Identifier: Apache-2.0
// What a rule cannot hold without, wherever its body asks for it. OPA's index leaves such a rule
// out before it begins, which shows where the body ends in an error earlier.
#include <algorithm>
#include <tuple>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

bool may_fail(Block const& block) {
  bool found = false;
  for_each_statement(block, [&](Statement const& s) {
    bool rules = s.group != nullptr ||
                 (s.kind == Statement::Kind::ref && s.root == Statement::Root::data &&
                  s.node != nullptr && (s.node->group != nullptr || !s.node->children.empty()));
    bool object =
        s.kind == Statement::Kind::comprehension && s.collection == Statement::Collection::object;
    found = found || rules || object;
  });
  return found;
}

// A place in input or data that no rule makes.
bool base_path(Statement const& s, std::size_t steps, RuleNode const& root, Need& out) {
  bool const input = s.root == Statement::Root::input;
  bool const data = s.root == Statement::Root::data && (s.node == &root || s.node == nullptr);
  if (s.kind != Statement::Kind::ref || !(input || data) || s.gone_through || s.unlooked)
    return false;
  for (std::size_t i = 0; i < steps; ++i) {
    if (s.steps[i].kind != Pattern::Kind::constant) return false;
    out.path.push_back(s.steps[i].value);
  }
  out.of_input = input;
  return true;
}

bool is_scalar(Value const& value) {
  return value.defined() && !value.is(Kind::array) && !value.is(Kind::set) &&
         !value.is(Kind::object);
}

bool is_constant(Pattern const& pattern) { return pattern.kind == Pattern::Kind::constant; }

bool is_slot(Pattern const& pattern, Slot slot) {
  return pattern.kind == Pattern::Kind::var && pattern.slot == slot;
}

// What a call asks of the value in `slot`; `present` when nothing that an index looks at.
Need asked_by(Statement const& call, Slot slot) {
  bool const test = call.kind == Statement::Kind::call && call.builtin != nullptr && call.test &&
                    call.out.kind == Pattern::Kind::none && call.steps.size() == 2;
  Need none;
  if (!test) return none;
  auto const& [left, right] = std::tie(call.steps[0], call.steps[1]);
  auto const name = call.builtin->name;
  bool const member = name == "internal.member_2";
  if (member && is_constant(left) && is_scalar(left.value) && is_slot(right, slot)) {
    return {.ask = Need::Ask::holds, .value = left.value};
  }
  if (!is_slot(left, slot) || !is_constant(right)) return none;
  if (member) {
    bool const plain = right.value.size() > 0 && !right.value.is(Kind::object) &&
                       std::ranges::all_of(right.value.items(), is_scalar);
    return plain ? Need{.ask = Need::Ask::one_of, .value = right.value} : none;
  }
  bool const text = right.value.is(Kind::string);
  if (text && name == "startswith") return {.ask = Need::Ask::prefix, .value = right.value};
  if (text && name == "endswith") return {.ask = Need::Ask::suffix, .value = right.value};
  return none;
}

// `input.list[_] == "a"`: the list must hold it.
void need_element(Statement const& s, RuleNode const& root, std::vector<Need>& out) {
  Need need{.ask = Need::Ask::holds, .value = s.out.value};
  bool const element = s.kind == Statement::Kind::ref && !s.steps.empty() &&
                       s.steps.back().kind == Pattern::Kind::var && is_constant(s.out) &&
                       is_scalar(s.out.value);
  if (element && base_path(s, s.steps.size() - 1, root, need)) out.push_back(std::move(need));
}

void find_needs(RulePlan& rule, RuleNode const& root) {
  for (Statement const& s : rule.body) {
    need_element(s, root, rule.needs);
    Need need;
    // OPA's index looks at scalars and arrays only.
    bool const looked_at = !s.out.value.is(Kind::object) && !s.out.value.is(Kind::set);
    if (!looked_at || !base_path(s, s.steps.size(), root, need)) continue;
    if (is_constant(s.out)) {
      need.ask = Need::Ask::equals;
      need.value = s.out.value;
    }
    rule.needs.push_back(need);
    if (s.out.kind != Pattern::Kind::var || !s.out.binds) continue;
    for (Statement const& later : rule.body) {
      auto asked = asked_by(later, s.out.slot);
      if (asked.ask == Need::Ask::present) continue;
      asked.path = need.path;
      asked.of_input = need.of_input;
      rule.needs.push_back(std::move(asked));
    }
  }
  rule.may_fail = may_fail(rule.body);
  if (rule.otherwise) find_needs(*rule.otherwise, root);
}

}  // namespace

void find_needs(Program& program) {
  for (auto& group : program.groups) {
    for (RulePlan& rule : group->rules) find_needs(rule, program.root);
  }
}

}  // namespace aw::rego
