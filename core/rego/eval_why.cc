// SPDX-License-Identifier: Apache-2.0
// The values an expression looked at: named as the author wrote them, and where they came from.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"
#include "core/rego/eval.h"
#include "core/rego/why.h"

namespace aw::rego {
namespace {

constexpr int kDeepest = 8;                // slots followed to find where a value came from
constexpr std::size_t kMostOperands = 16;  // of one expression

std::string_view root_name(Statement const& s) {
  return s.root == Statement::Root::input ? "input" : "data";
}

// The statement of a rule's body that gives a slot its value.
Statement const* maker_of(RulePlan const* rule, Slot slot) {
  if (rule == nullptr) return nullptr;
  Statement const* found = nullptr;
  for_each_statement(rule->body, [&](Statement const& s) {
    bool const makes = s.out.kind == Pattern::Kind::var && s.out.slot == slot && s.out.binds;
    if (makes && found == nullptr) found = &s;
  });
  return found;
}

// Constant paths below input that the rules of a group read, and those that they ask.
void read_paths(Group const& group, std::vector<std::vector<Value>>& out, int depth) {
  if (depth > 4) return;
  for (RulePlan const& rule : group.rules) {
    for_each_statement(rule.body, [&](Statement const& s) {
      if (out.size() >= kMostOperands) return;
      if (s.group != nullptr) read_paths(*s.group, out, depth + 1);
      if (s.kind != Statement::Kind::ref) return;
      if (s.node != nullptr && s.node->group != nullptr) read_paths(*s.node->group, out, depth + 1);
      if (s.root != Statement::Root::input || s.steps.empty()) return;
      std::vector<Value> path;
      for (Pattern const& step : s.steps) {
        if (step.kind != Pattern::Kind::constant) return;
        path.push_back(step.value);
      }
      out.push_back(std::move(path));
    });
  }
}

bool is_that_slot(Pattern const& pattern, Slot slot) {
  return pattern.kind == Pattern::Kind::var && pattern.slot == slot;
}

}  // namespace

// `input.action`, `data.actions["x"]`: the reference with its steps as far as they are known.
std::string Evaluator::ref_name(Statement const& s, Frame const& frame) const {
  std::vector<Value> steps;
  for (Pattern const& step : s.steps) {
    if (!step.ground) break;
    steps.push_back(build(step, frame));
  }
  if (s.root != Statement::Root::slot) return path_text(root_name(s), steps);
  Pattern head;
  head.kind = Pattern::Kind::var;
  head.slot = s.slot;
  return path_text(operand_name(head, frame), steps);
}

std::string Evaluator::operand_name(Pattern const& pattern, Frame const& frame) const {
  if (pattern.kind != Pattern::Kind::var) return build(pattern, frame).to_text();
  if (frame.rule == nullptr) return "value";
  for (auto const& [name, slot] : frame.rule->names) {
    if (slot == pattern.slot) return name;
  }
  Statement const* maker = maker_of(frame.rule, pattern.slot);
  if (maker == nullptr) return "value";
  return maker->kind == Statement::Kind::ref ? ref_name(*maker, frame) : source_of(maker->place);
}

// Where a reference leads in the documents as they were given; none when rules answer it.
Origin Evaluator::origin_of(Statement const& ref, Frame const& frame, int depth) const {
  Origin out;
  if (depth > kDeepest || (ref.node != nullptr && ref.node->group != nullptr)) return out;
  if (ref.root == Statement::Root::slot) {
    Pattern head;
    head.kind = Pattern::Kind::var;
    head.slot = ref.slot;
    out = origin_of(head, frame, depth + 1);
    if (out.root == Origin::Root::none || out.element) return {};
  } else {
    bool const input = ref.root == Statement::Root::input;
    out.root = input ? Origin::Root::input : Origin::Root::data;
  }
  for (std::size_t i = 0; i < ref.steps.size(); ++i) {
    if (!ref.steps[i].ground) {
      out.element = i + 1 == ref.steps.size();
      return out.element ? out : Origin{};
    }
    Value step = build(ref.steps[i], frame);
    if (!step.defined()) return {};
    out.steps.push_back(std::move(step));
  }
  return out;
}

Origin Evaluator::origin_of(Pattern const& pattern, Frame const& frame, int depth) const {
  if (pattern.kind != Pattern::Kind::var || depth > kDeepest) return {};
  Statement const* maker = maker_of(frame.rule, pattern.slot);
  if (maker == nullptr) return {};
  if (maker->kind == Statement::Kind::ref) return origin_of(*maker, frame, depth + 1);
  if (maker->kind == Statement::Kind::unify) return origin_of(maker->left, frame, depth + 1);
  return {};
}

// The input paths that a value was computed from, through the calls in between.
void Evaluator::derive(Pattern const& pattern, Frame const& frame,
                       std::vector<std::vector<Value>>& out, int depth) const {
  if (depth > kDeepest || out.size() > kMostOperands) return;
  for (Pattern const& item : pattern.items) derive(item, frame, out, depth + 1);
  if (pattern.kind != Pattern::Kind::var) return;
  Origin origin = origin_of(pattern, frame);
  if (origin.root == Origin::Root::input && !origin.element) {
    out.push_back(std::move(origin.steps));
    return;
  }
  Statement const* maker = maker_of(frame.rule, pattern.slot);
  if (maker == nullptr) return;
  for (Pattern const& step : maker->steps) derive(step, frame, out, depth + 1);
  if (maker->node != nullptr && maker->node->group != nullptr) {
    read_paths(*maker->node->group, out, 0);
  }
  if (maker->kind == Statement::Kind::unify) derive(maker->left, frame, out, depth + 1);
  if (maker->kind != Statement::Kind::ref || maker->root != Statement::Root::slot) return;
  Pattern head;
  head.kind = Pattern::Kind::var;
  head.slot = maker->slot;
  derive(head, frame, out, depth + 1);
}

// What a path of the given documents holds now.
Value Evaluator::looked_up(Origin const& origin) const {
  if (origin.root == Origin::Root::none || origin.element) return {};
  Value const* at = origin.root == Origin::Root::input ? &world_->input : &world_->data;
  for (Value const& step : origin.steps) {
    at = at->find(step);
    if (at == nullptr) return {};
  }
  return *at;
}

Operand Evaluator::operand_seen(Pattern const& pattern, Frame const& frame) const {
  Operand out;
  out.name = operand_name(pattern, frame);
  out.value = build(pattern, frame);
  out.origin = origin_of(pattern, frame);
  if (!out.value.defined()) out.value = looked_up(out.origin);
  derive(pattern, frame, out.derives, 0);
  for (Pattern const& item : pattern.items) {
    if (out.items.size() == kMostOperands) break;
    Operand one;
    one.value = build(item, frame);
    one.origin = origin_of(item, frame);
    if (!one.value.defined()) one.value = looked_up(one.origin);
    out.items.push_back(std::move(one));
  }
  return out;
}

// What the members of `made` that later expressions look into must be, in one object: of
// `x.ok == true` and `x.n.m` it is {"ok": true, "n": {"m": true}}; or what one element must be.
Value Evaluator::wanted_shape(Slot made, Frame const& frame, int depth) const {
  Value out;
  if (depth > kDeepest || frame.rule == nullptr) return out;
  for (Statement const& s : frame.rule->body) {
    bool const into = s.kind == Statement::Kind::ref && s.root == Statement::Root::slot &&
                      s.slot == made && !s.steps.empty();
    if (!into) continue;
    Value leaf = s.out.kind == Pattern::Kind::constant ? s.out.value : Value::boolean(true);
    bool const compared = s.out.kind == Pattern::Kind::var && !s.out.binds;
    if (compared) {
      Value const other = operand_seen(s.out, frame).value;
      if (other.defined()) leaf = other;
    } else if (s.out.kind == Pattern::Kind::var) {
      auto const wanted = wanted_of(s.out, frame, depth + 1);
      if (!wanted.empty()) leaf = wanted.front();
    }
    bool const named = std::ranges::all_of(
        s.steps, [](Pattern const& step) { return step.kind == Pattern::Kind::constant; });
    if (!named && s.steps.size() == 1) return Value::array({std::move(leaf)});
    if (!named) continue;
    for (std::size_t i = s.steps.size(); i > 0; --i) {
      leaf = Value::object(std::vector<Entry>{{s.steps[i - 1].value, std::move(leaf)}});
    }
    out = out.defined() ? merge(out, leaf) : leaf;
  }
  return out;
}

// What later expressions of the rule want to see where `made` is still missing.
std::vector<Value> Evaluator::wanted_of(Pattern const& made, Frame const& frame, int depth) const {
  std::vector<Value> out;
  if (made.kind != Pattern::Kind::var || frame.rule == nullptr) return out;
  auto want = [&out](Value value) {
    if (value.defined()) out.push_back(std::move(value));
  };
  for (Statement const& s : frame.rule->body) {
    bool const pair =
        s.kind == Statement::Kind::call && s.builtin != nullptr && s.steps.size() == 2;
    bool const left = pair && is_that_slot(s.steps[0], made.slot);
    bool const right = pair && is_that_slot(s.steps[1], made.slot);
    if (left || right) {
      Operand const other = operand_seen(s.steps[left ? 1 : 0], frame);
      bool const member = s.builtin->name == "internal.member_2";
      if (member && right && other.value.defined()) want(Value::array({other.value}));
      if (member && left) {
        for (Operand const& item : other.items) want(item.value);
        if (other.items.empty() && other.value.size() > 0) want(other.value.items().front());
      }
      if (!member) want(other.value);
    }
    if (s.kind == Statement::Kind::unify && is_that_slot(s.left, made.slot) && s.out.ground) {
      want(operand_seen(s.out, frame).value);
    }
  }
  if (out.empty()) want(wanted_shape(made.slot, frame, depth));
  return out;
}

// `x.ok == true`, where x goes through a given collection: an element that is so may join it.
void Evaluator::want_element(Statement const& s, Frame const& frame, Operand& found) const {
  if (s.root != Statement::Root::slot || found.origin.root != Origin::Root::none) return;
  Pattern head;
  head.kind = Pattern::Kind::var;
  head.slot = s.slot;
  Origin const whole = origin_of(head, frame);
  if (whole.root == Origin::Root::none || !whole.element) return;
  Value const shape = wanted_shape(s.slot, frame, 0);
  if (!shape.defined()) return;
  found.origin = whole;
  found.wanted = {shape};
  found.inside = true;
}

std::vector<Operand> Evaluator::operands_of(Statement const& s, Frame& frame) {
  std::vector<Operand> out;
  if (s.kind == Statement::Kind::ref) {
    Operand found;
    WhyRecorder* why = std::exchange(why_, nullptr);
    auto* events = std::exchange(events_, nullptr);
    bool const plain = !s.iterates && error_ == nullptr;
    if (plain) (void)resolve(s, frame, found.value);  // it was asked before, its value is cached
    why_ = why;
    events_ = events;
    found.name = ref_name(s, frame);
    found.origin = origin_of(s, frame, 0);
    if (s.out.kind == Pattern::Kind::var && s.out.binds) found.wanted = wanted_of(s.out, frame, 0);
    want_element(s, frame, found);
    for (Pattern const& step : s.steps) derive(step, frame, found.derives, 0);
    out.push_back(std::move(found));
    bool const compared = s.out.ground && s.out.kind != Pattern::Kind::none;
    if (compared) out.push_back(operand_seen(s.out, frame));
  } else if (s.kind == Statement::Kind::call) {
    for (Pattern const& argument : s.steps) out.push_back(operand_seen(argument, frame));
  } else if (s.kind == Statement::Kind::unify) {
    out.push_back(operand_seen(s.left, frame));
    bool const compared = s.out.ground && s.out.kind != Pattern::Kind::none;
    if (compared) out.push_back(operand_seen(s.out, frame));
  } else if (s.kind == Statement::Kind::negation) {
    for (Statement const& inner : s.body) {
      bool const outside = inner.kind == Statement::Kind::ref && !inner.iterates &&
                           inner.root != Statement::Root::slot && out.size() < kMostOperands;
      if (!outside) continue;
      auto seen = operands_of(inner, frame);
      out.push_back(std::move(seen.front()));
    }
  }
  return out;
}

SeenExpr Evaluator::seen_of(Statement const& s, Frame& frame) {
  SeenExpr out{.statement = &s, .operands = operands_of(s, frame), .inner = {}};
  if (s.kind != Statement::Kind::negation) return out;
  for (Statement const& inner : s.body) {
    if (out.inner.size() < kMostOperands) out.inner.push_back(seen_of(inner, frame));
  }
  return out;
}

void Evaluator::note_failed(Block const& block, std::size_t at, Frame& frame) {
  Statement const& s = block[at];
  if (events_ != nullptr && s.expr != kNoExpr) tell_expression("Fail", s, frame);
  if (s.expr == kNoExpr || frame.rule == nullptr || !why_->follows(frame.rule)) return;
  if (frame.rule->multi_value) why_->gives(*frame.rule, origin_of(frame.rule->key, frame));
  if (&block != &frame.rule->body || !why_->wants(*frame.rule, at)) return;
  std::vector<SeenExpr> seen;
  for (std::size_t i = 0; i <= at; ++i) {
    if (block[i].expr != kNoExpr) seen.push_back(seen_of(block[i], frame));
  }
  why_->failed(*frame.rule, block, at, std::move(seen));
}

void Evaluator::note_fired(Group const& group, RulePlan const& rule, Frame& frame) {
  if (events_ != nullptr) event("Exit", rule.head_place, group.path);
  if (!why_->follows(&rule)) return;
  if (rule.multi_value) why_->gives(rule, origin_of(rule.key, frame));
  std::vector<SeenExpr> seen;
  for (Statement const& s : rule.body) {
    if (s.expr != kNoExpr) seen.push_back(seen_of(s, frame));
  }
  why_->fired(rule, std::move(seen));
}

}  // namespace aw::rego
