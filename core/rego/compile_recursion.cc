// SPDX-License-Identifier: Apache-2.0
// Whether a rule needs itself. First by groups, which is soon said and nearly always enough; where
// groups go round, rule by rule: `p[x].bar := p[x].foo` asks another rule of its own group, and
// `data.p[x]` after `x := "q"` asks `q` only.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"
#include "core/rego/compile_possible.h"

namespace aw::rego {
namespace {

using Edges = std::vector<std::set<std::uint32_t>>;
using Choices = PossibleValues::Choices;

class CycleFinder {
 public:
  explicit CycleFinder(Edges const& edges) : edges_(edges), state_(edges.size()) {}

  // Each found as the nodes that it goes through, the first of which the last one needs.
  std::vector<std::vector<std::uint32_t>> run() {
    for (std::uint32_t i = 0; i < edges_.size(); ++i) {
      if (state_[i] == State::fresh) visit(i);
    }
    return std::move(found_);
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
      std::uint32_t const next = *top.next++;
      if (state_[next] == State::open) {
        auto from = std::ranges::find(stack, next, &Frame::id);
        auto& cycle = found_.emplace_back();
        for (; from != stack.end(); ++from) cycle.push_back(from->id);
      } else if (state_[next] == State::fresh) {
        state_[next] = State::open;
        stack.push_back({next, edges_[next].begin()});
      }
    }
  }

  Edges const& edges_;
  std::vector<State> state_;
  std::vector<std::vector<std::uint32_t>> found_;
};

// The rules of objects one by one, every other group as a whole. Node `first_[group]` is the group;
// behind it stand the rules of an object, which it needs.
class RuleGraph {
 public:
  explicit RuleGraph(Program const& program) : program_(program) {
    for (auto const& group : program.groups) {
      first_.push_back(static_cast<std::uint32_t>(owners_.size()));
      std::size_t const rules = is_object(*group) ? group->rules.size() : 0;
      owners_.insert(owners_.end(), rules + 1, group.get());
    }
    edges_.resize(owners_.size());
    for (auto const& group : program.groups) add_group(*group);
  }

  [[nodiscard]] Edges const& edges() const { return edges_; }
  [[nodiscard]] Group const& group(std::uint32_t node) const { return *owners_[node]; }
  [[nodiscard]] Place place(std::uint32_t node) const {
    Group const& owner = group(node);
    std::uint32_t const at = node - first_[owner.id];
    if (owner.rules.empty()) return owner.fallback->place;
    return owner.rules[at > 0 ? at - 1 : 0].place;
  }

 private:
  static bool is_object(Group const& group) { return group.kind == GroupKind::partial_object; }

  void add_group(Group const& group) {
    std::uint32_t const whole = first_[group.id];
    for (std::uint32_t i = 0; i < group.rules.size(); ++i) {
      std::uint32_t const node = is_object(group) ? whole + 1 + i : whole;
      if (node != whole) edges_[whole].insert(node);
      add_rule(group.rules[i], edges_[node]);
    }
    if (group.fallback) add_rule(*group.fallback, edges_[whole]);
  }

  void add_rule(RulePlan const& rule, std::set<std::uint32_t>& out) {
    for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
      PossibleValues values;
      add_block(at->body, values, out);
    }
  }

  void add_block(Block const& block, PossibleValues& values, std::set<std::uint32_t>& out) {
    for (Statement const& s : block) {
      add_statement(s, values, out);
      values.learn(s);
    }
  }

  void add_statement(Statement const& s, PossibleValues const& values,
                     std::set<std::uint32_t>& out) {
    if (s.group != nullptr) out.insert(first_[s.group->id]);
    if (s.node != nullptr) add_reached(*s.node, values.of_steps(s), s.node_steps, out);
    for (WithTarget const& target : s.targets) {
      for (std::uint32_t id : groups_replaced(program_, target)) out.insert(first_[id]);
      if (target.by_group != nullptr) out.insert(first_[target.by_group->id]);
    }
    if (s.kind == Statement::Kind::with) {
      PossibleValues inside = values;
      return add_block(s.body, inside, out);
    }
    // What is only said inside of a closure does not count, as in OPA.
    for (Statement const& inner : s.body) add_statement(inner, values, out);
    for (Statement const& inner : s.other) add_statement(inner, values, out);
  }

  void add_reached(RuleNode const& node, std::vector<Choices> const& steps, std::size_t at,
                   std::set<std::uint32_t>& out) {
    if (node.group != nullptr) return add_members(*node.group, steps, at, out);
    if (at < steps.size() && steps[at]) {
      for (Value const& name : *steps[at]) {
        RuleNode const* child = name.is(Kind::string) ? node.child(name.as_string()) : nullptr;
        if (child != nullptr) add_reached(*child, steps, at + 1, out);
      }
      return;
    }
    for (auto const& [name, child] : node.children) add_reached(*child, steps, at + 1, out);
  }

  // Looking at each rule for each reference has a bound; beyond it all of them count.
  void add_members(Group const& group, std::vector<Choices> const& steps, std::size_t at,
                   std::set<std::uint32_t>& out) {
    constexpr std::size_t kMostLooks = 20'000'000;
    std::uint32_t const whole = first_[group.id];
    looks_ += group.rules.size();
    if (!is_object(group) || at >= steps.size() || looks_ > kMostLooks) {
      out.insert(whole);
      return;
    }
    for (std::uint32_t i = 0; i < group.rules.size(); ++i) {
      if (head_may_match(group.rules[i].suffix, steps, at)) out.insert(whole + 1 + i);
    }
  }

  Program const& program_;
  std::vector<std::uint32_t> first_;  // by group
  std::vector<Group const*> owners_;  // by node
  Edges edges_;
  std::size_t looks_ = 0;
};

std::set<std::uint32_t> reached_from(Edges const& edges, std::set<std::uint32_t> seen) {
  std::vector<std::uint32_t> open(seen.begin(), seen.end());
  while (!open.empty()) {
    std::uint32_t const id = open.back();
    open.pop_back();
    for (std::uint32_t next : edges[id]) {
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return seen;
}

// All groups on a way round, of which the finder names some.
std::set<std::uint32_t> on_rounds(Edges const& edges,
                                  std::vector<std::vector<std::uint32_t>> const& rounds) {
  std::set<std::uint32_t> named;
  for (auto const& round : rounds) named.insert(round.begin(), round.end());
  Edges back(edges.size());
  for (std::uint32_t id = 0; id < edges.size(); ++id) {
    for (std::uint32_t needed : edges[id]) back[needed].insert(id);
  }
  std::set<std::uint32_t> out = reached_from(edges, named);
  std::set<std::uint32_t> const before = reached_from(back, named);
  std::erase_if(out, [&](std::uint32_t id) { return !before.contains(id); });
  return out;
}

}  // namespace

void check_recursion(Program& program, Faults& faults) {
  Edges const edges = dependencies(program);
  auto const rounds = CycleFinder(edges).run();
  if (rounds.empty()) return;
  RuleGraph const graph(program);
  auto const cycles = CycleFinder(graph.edges()).run();
  for (auto const& cycle : cycles) {
    std::string const& path = graph.group(cycle.front()).path;
    std::string told = "rule ";
    told.append(path).append(" is recursive: ");
    for (std::uint32_t node : cycle) told.append(graph.group(node).path).append(" -> ");
    faults.add("rego_recursion_error", graph.place(cycle.front()), told.append(path));
  }
  for (std::uint32_t id : on_rounds(edges, rounds)) program.groups[id]->in_parts = true;
}

}  // namespace aw::rego
