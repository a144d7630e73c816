// SPDX-License-Identifier: Apache-2.0
// References: through values, through the tree of rules, and through both laid over each other.
#include <algorithm>

#include "core/rego/eval.h"

namespace aw::rego {

// The world's base document at a node of the rule tree.
Value const* Evaluator::base_of(RuleNode const& node) const {
  Value const* at = &world_->data;
  for (Value const& step : node.path) {
    at = at->find(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool Evaluator::is_replaced(RuleNode const& node) const {
  return std::ranges::any_of(world_->replaced, [&](std::vector<Value> const& path) {
    return path.size() <= node.path.size() &&
           std::equal(path.begin(), path.end(), node.path.begin());
  });
}

// A reference none of whose steps binds: at most one value.
Flow Evaluator::resolve(Statement const& s, Frame& frame, Value& out) {
  if (s.root == Statement::Root::data) {
    return walk(s, frame, [&](Value const& value) {
      out = value;
      return Flow::proceed;
    });
  }
  Value const* at = s.root == Statement::Root::input ? &world_->input : &frame.slots[s.slot];
  for (Pattern const& step : s.steps) {
    Value held;
    at = at->find(operand(step, frame, held));
    if (at == nullptr) return Flow::proceed;
  }
  out = *at;
  return Flow::proceed;
}

Flow Evaluator::walk(Statement const& s, Frame& frame, Emit emit) {
  if (s.root == Statement::Root::slot) {
    Value const held = frame.slots[s.slot];
    return walk_value(s, 0, held, frame, emit);
  }
  if (s.root == Statement::Root::input) {
    if (!world_->input.defined()) return Flow::proceed;
    Value const held = world_->input;
    return walk_value(s, 0, held, frame, emit);
  }
  Value const held = world_->data;
  bool direct = s.node != nullptr && world_->replaced.empty();
  if (direct) return walk_tree(s, s.node_steps, *s.node, base_of(*s.node), frame, emit);
  return walk_tree(s, 0, program_.root, &held, frame, emit);
}

// The data document's keys are text: a number finds the member of that spelling.
Value const* Evaluator::base_member(Value const& base, Value const& key) {
  Value const* found = base.find(key);
  if (found != nullptr || !key.is(Kind::number) || !base.is(Kind::object)) return found;
  return base.find(std::string_view(key.number_text()));
}

Flow Evaluator::walk_base(Statement const& s, std::size_t at, Value const& base, Frame& frame,
                          Emit emit) {
  Value const* here = &base;
  for (; at < s.steps.size() && s.steps[at].ground; ++at) {
    Value held;
    here = base_member(*here, operand(s.steps[at], frame, held));
    if (here == nullptr) return Flow::proceed;
  }
  return walk_value(s, at, *here, frame, emit);
}

Flow Evaluator::walk_value(Statement const& s, std::size_t at, Value const& value, Frame& frame,
                           Emit emit) {
  Value const* here = &value;
  Value held;
  while (at < s.steps.size() && s.steps[at].ground) {
    here = here->find(operand(s.steps[at], frame, held));
    if (here == nullptr) return Flow::proceed;
    ++at;
  }
  if (at == s.steps.size()) return emit(*here);
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", s.place);
  Pattern const& step = s.steps[at];
  auto items = here->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (Flow flow = tick(); flow != Flow::proceed) return flow;
    bool array = here->is(Kind::array);
    bool fits = array ? match(step, Value::number(static_cast<std::int64_t>(i)), frame)
                      : match(step, items[i], frame);
    if (!fits) continue;
    if (Flow flow = walk_value(s, at + 1, items[i], frame, emit); flow != Flow::proceed)
      return flow;
  }
  for (Entry const& entry : here->entries()) {
    if (Flow flow = tick(); flow != Flow::proceed) return flow;
    if (!match(step, entry.key, frame)) continue;
    Flow flow = walk_value(s, at + 1, entry.value, frame, emit);
    if (flow != Flow::proceed) return flow;
  }
  return Flow::proceed;
}

Flow Evaluator::walk_tree(Statement const& s, std::size_t at, RuleNode const& node,
                          Value const* base, Frame& frame, Emit emit) {
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", s.place);
  bool only_base = !world_->replaced.empty() && is_replaced(node);
  bool leaf = node.group == nullptr && node.children.empty() && !node.package;
  if (only_base || leaf) {
    return base == nullptr ? Flow::proceed : walk_base(s, at, *base, frame, emit);
  }
  if (node.group != nullptr) return walk_group(s, at, *node.group, frame, emit);
  if (at == s.steps.size()) {
    Value all;
    Flow flow = extent(node, base, all);
    return flow == Flow::proceed && all.defined() ? emit(all) : flow;
  }
  if (!s.steps[at].ground) return walk_children(s, at, node, base, frame, emit);
  Value held;
  Value const& key = operand(s.steps[at], frame, held);
  Value const* below = base == nullptr ? nullptr : base_member(*base, key);
  RuleNode const* child = key.is(Kind::string) ? node.child(key.as_string()) : nullptr;
  if (child != nullptr) return walk_tree(s, at + 1, *child, below, frame, emit);
  return below == nullptr ? Flow::proceed : walk_base(s, at + 1, *below, frame, emit);
}

Flow Evaluator::walk_children(Statement const& s, std::size_t at, RuleNode const& node,
                              Value const* base, Frame& frame, Emit emit) {
  for (auto const& [name, child] : node.children) {
    Value key = child->path.back();
    if (!match(s.steps[at], key, frame)) continue;
    Value const* below = base == nullptr ? nullptr : base->find(key);
    Flow flow = walk_tree(s, at + 1, *child, below, frame, emit);
    if (flow != Flow::proceed) return flow;
  }
  if (base == nullptr) return Flow::proceed;
  for (Entry const& entry : base->entries()) {
    if (Flow flow = tick(); flow != Flow::proceed) return flow;
    bool virtual_too = entry.key.is(Kind::string) && node.child(entry.key.as_string()) != nullptr;
    if (virtual_too || !match(s.steps[at], entry.key, frame)) continue;
    Flow flow = walk_value(s, at + 1, entry.value, frame, emit);
    if (flow != Flow::proceed) return flow;
  }
  return Flow::proceed;
}

Flow Evaluator::walk_group(Statement const& s, std::size_t at, Group const& group, Frame& frame,
                           Emit emit) {
  if (group.kind == GroupKind::function) return Flow::proceed;
  bool partial = group.kind == GroupKind::partial_set || group.kind == GroupKind::partial_object;
  if (partial && at < s.steps.size() && s.steps[at].ground) {
    Value key = build(s.steps[at], frame);
    Value found;
    bool answered = false;
    if (Flow flow = keyed_value(group, key, found, answered); flow != Flow::proceed) return flow;
    if (answered) {
      return found.defined() ? walk_value(s, at + 1, found, frame, emit) : Flow::proceed;
    }
  }
  Value all;
  bool const made = !world_->cache.empty() && world_->cache[group.id].known;
  bool const in_parts = group.in_parts && group.kind == GroupKind::partial_object;
  bool const part = in_parts && !made && at < s.steps.size();
  Flow const flow = part ? part_value(group, s, at, frame, all) : group_value(group, all);
  if (flow != Flow::proceed) return flow;
  return all.defined() ? walk_value(s, at, all, frame, emit) : Flow::proceed;
}

// The whole document at a node: what its rules say, over what the data holds.
Flow Evaluator::extent(RuleNode const& node, Value const* base, Value& out) {
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", {});
  if (!world_->replaced.empty() && is_replaced(node)) {
    if (base != nullptr) out = *base;
    return Flow::proceed;
  }
  if (node.group != nullptr) {
    return node.group->kind == GroupKind::function ? Flow::proceed : group_value(*node.group, out);
  }
  std::vector<Entry> entries;
  for (auto const& [name, child] : node.children) {
    Value const& key = child->path.back();
    Value made;
    Value const* below = base == nullptr ? nullptr : base->find(key);
    if (Flow flow = extent(*child, below, made); flow != Flow::proceed) return flow;
    // Where a rule and the data say something of the same path, the whole shows the data's.
    bool both = child->group != nullptr && made.defined() && below != nullptr;
    if (both) made = merge(made, *below);
    if (!made.defined() && below != nullptr) made = *below;
    if (made.defined()) entries.push_back({key, std::move(made)});
  }
  if (base != nullptr) {
    for (Entry const& entry : base->entries()) {
      bool rules = entry.key.is(Kind::string) && node.child(entry.key.as_string()) != nullptr;
      if (!rules) entries.push_back(entry);
    }
  }
  out = Value::object(std::move(entries));
  return Flow::proceed;
}

}  // namespace aw::rego
