// SPDX-License-Identifier: Apache-2.0
// The values a failed expression looked at, named as the author wrote them.
#include "core/rego/eval.h"
#include "core/rego/why.h"

namespace aw::rego {
namespace {

std::string_view root_name(Statement const& s) {
  return s.root == Statement::Root::input ? "input" : "data";
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
  for (Statement const& s : frame.rule->body) {
    bool makes = s.out.kind == Pattern::Kind::var && s.out.slot == pattern.slot && s.out.binds;
    if (makes && s.kind == Statement::Kind::ref) return ref_name(s, frame);
    if (makes) return std::string(program_.text(s.place));
  }
  return "value";
}

std::vector<std::pair<std::string, Value>> Evaluator::failure_values(Statement const& s,
                                                                     Frame& frame) {
  std::vector<std::pair<std::string, Value>> out;
  if (s.kind == Statement::Kind::ref) {
    Value found;
    bool plain = !s.iterates && error_ == nullptr;
    WhyRecorder* why = why_;
    why_ = nullptr;
    if (plain) (void)resolve(s, frame, found);  // it did not fail before, and its value is cached
    why_ = why;
    out.emplace_back(ref_name(s, frame), found);
    bool compared = s.out.ground && s.out.kind != Pattern::Kind::none;
    if (compared) out.emplace_back(operand_name(s.out, frame), build(s.out, frame));
  } else if (s.kind == Statement::Kind::call) {
    for (Pattern const& argument : s.steps) {
      out.emplace_back(operand_name(argument, frame), build(argument, frame));
    }
  } else if (s.kind == Statement::Kind::unify) {
    out.emplace_back(operand_name(s.left, frame), build(s.left, frame));
    bool compared = s.out.ground && s.out.kind != Pattern::Kind::none;
    if (compared) out.emplace_back(operand_name(s.out, frame), build(s.out, frame));
  } else if (s.kind == Statement::Kind::negation) {
    for (Statement const& inner : s.body) {
      if (inner.kind != Statement::Kind::ref) continue;
      Value found;
      if (!inner.iterates && inner.root != Statement::Root::slot && error_ == nullptr) {
        (void)resolve(inner, frame, found);  // as above
        out.emplace_back(ref_name(inner, frame), found);
      }
    }
  }
  return out;
}

}  // namespace aw::rego
