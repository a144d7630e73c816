// SPDX-License-Identifier: Apache-2.0
// Which groups of rules need which.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

using Edges = std::vector<std::set<std::uint32_t>>;

void add_below(RuleNode const& node, std::set<std::uint32_t>& out) {
  if (node.group != nullptr) out.insert(node.group->id);
  for (auto const& [name, child] : node.children) add_below(*child, out);
}

// Every rule that a reference may reach.
void add_reached(RuleNode const& node, std::vector<Pattern> const& steps, std::size_t at,
                 std::set<std::uint32_t>& out) {
  if (node.group != nullptr) {
    out.insert(node.group->id);
    return;
  }
  if (at == steps.size()) return add_below(node, out);
  if (steps[at].kind != Pattern::Kind::constant) {
    for (auto const& [name, child] : node.children) add_reached(*child, steps, at + 1, out);
    return;
  }
  if (!steps[at].value.is(Kind::string)) return;
  if (RuleNode const* child = node.child(steps[at].value.as_string())) {
    add_reached(*child, steps, at + 1, out);
  }
}

// A replaced document's own rules.
void add_target(Program const& program, WithTarget const& target, std::set<std::uint32_t>& out) {
  RuleNode const* node = &program.root;
  for (Value const& step : target.path) {
    node = node->group != nullptr ? node : node->child(step.as_string());
    if (node == nullptr) return;
  }
  add_below(*node, out);
}

void add_statement(Program const& program, Statement const& s, std::set<std::uint32_t>& out) {
  if (s.group != nullptr) out.insert(s.group->id);
  if (s.node != nullptr) add_reached(*s.node, s.steps, s.node_steps, out);
  for (WithTarget const& target : s.targets) {
    if (target.kind == WithTarget::Kind::data) add_target(program, target, out);
    if (target.by_group != nullptr) out.insert(target.by_group->id);
  }
}

void add_rule(Program const& program, RulePlan const& rule, std::set<std::uint32_t>& out) {
  for_each_statement(rule.body, [&](Statement const& s) { add_statement(program, s, out); });
  if (rule.otherwise) add_rule(program, *rule.otherwise, out);
}

}  // namespace

std::vector<std::set<std::uint32_t>> dependencies(Program const& program) {
  Edges edges(program.groups.size());
  for (auto const& group : program.groups) {
    for (RulePlan const& rule : group->rules) add_rule(program, rule, edges[group->id]);
    if (group->fallback) add_rule(program, *group->fallback, edges[group->id]);
  }
  return edges;
}

std::set<std::uint32_t> groups_replaced(Program const& program, WithTarget const& target) {
  std::set<std::uint32_t> out;
  if (target.kind == WithTarget::Kind::data) add_target(program, target, out);
  if (target.kind == WithTarget::Kind::function && target.group != nullptr) {
    out.insert(target.group->id);
  }
  return out;
}

}  // namespace aw::rego
