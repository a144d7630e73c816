// SPDX-License-Identifier: Apache-2.0
// Finds rules that depend on themselves.
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

class CycleFinder {
 public:
  CycleFinder(Program const& program, Edges edges, Faults& faults)
      : program_(program), edges_(std::move(edges)), faults_(faults), state_(edges_.size()) {}

  void run() {
    for (std::uint32_t i = 0; i < edges_.size(); ++i) {
      if (state_[i] == State::fresh) visit(i);
    }
  }

 private:
  enum class State : std::uint8_t { fresh, open, done };

  // Depth-first, with its own stack: dependency chains may be long.
  void visit(std::uint32_t start) {
    struct Frame {
      std::uint32_t id;
      std::set<std::uint32_t>::const_iterator next;
    };
    std::vector<Frame> stack = {{start, edges_[start].begin()}};
    state_[start] = State::open;
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == edges_[top.id].end()) {
        state_[top.id] = State::done;
        stack.pop_back();
        continue;
      }
      std::uint32_t next = *top.next++;
      if (state_[next] == State::open) {
        std::string chain;
        bool inside = false;
        for (Frame const& frame : stack) {
          inside = inside || frame.id == next;
          if (inside) chain += program_.groups[frame.id]->path + " -> ";
        }
        report(next, chain);
      } else if (state_[next] == State::fresh) {
        state_[next] = State::open;
        stack.push_back({next, edges_[next].begin()});
      }
    }
  }

  void report(std::uint32_t id, std::string const& chain) {
    Group const& group = *program_.groups[id];
    Place place = group.rules.empty() ? group.fallback->place : group.rules.front().place;
    faults_.add("rego_recursion_error", place,
                "rule " + group.path + " is recursive: " + chain + group.path);
  }

  Program const& program_;
  Edges edges_;
  Faults& faults_;
  std::vector<State> state_;
};

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

void check_recursion(Program const& program, Faults& faults) {
  CycleFinder(program, dependencies(program), faults).run();
}

}  // namespace aw::rego
