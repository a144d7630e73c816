// SPDX-License-Identifier: Apache-2.0
// Calls of functions, written in Rego or built in, and what `with` puts in their place.
#include <array>
#include <utility>

#include "core/rego/eval.h"
#include "core/rego/metadata.h"
#include "core/rego/why.h"

namespace aw::rego {

Evaluator::Mock const* Evaluator::mock_of(Statement const& s) const {
  for (auto mock = world_->mocks.rbegin(); mock != world_->mocks.rend(); ++mock) {
    bool this_one =
        s.group != nullptr ? mock->target->group == s.group : mock->target->builtin == s.builtin;
    if (this_one) return &*mock;
  }
  return nullptr;
}

Flow Evaluator::call(Statement const& s, Frame& frame, Value& out) {
  std::array<Value, 4> few;
  std::vector<Value> many;
  std::span<Value> arguments(few.data(), std::min(s.steps.size(), few.size()));
  if (s.steps.size() > few.size()) {
    many.resize(s.steps.size());
    arguments = many;
  }
  for (std::size_t i = 0; i < s.steps.size(); ++i) arguments[i] = build(s.steps[i], frame);
  if (!world_->mocks.empty()) {
    if (Mock const* mock = mock_of(s)) return call_mocked(*mock, arguments, s, frame, out);
  }
  if (s.group != nullptr) return call_group(*s.group, arguments, out);
  return call_builtin(*s.builtin, arguments, s, frame, out);
}

Flow Evaluator::call_group(Group const& group, std::span<const Value> arguments, Value& out) {
  return complete(group, arguments, out);
}

// A function that stands in sees input and data as they are, but no other stand-ins.
Flow Evaluator::call_mocked(Mock const& mock, std::span<const Value> arguments, Statement const& s,
                            Frame const& frame, Value& out) {
  if (mock.target->by_group != nullptr) {
    World* outer = world_;
    World inner;
    inner.input = outer->input;
    inner.data = outer->data;
    inner.replaced = outer->replaced;
    Group const& by = *mock.target->by_group;
    world_ = &inner;
    Flow flow = call_group(by, arguments, out);
    world_ = outer;
    return flow;
  }
  if (mock.target->by_builtin != nullptr) {
    return call_builtin(*mock.target->by_builtin, arguments, s, frame, out);
  }
  out = mock.value;
  if (s.builtin != nullptr && s.builtin->kind == BuiltinKind::relation) out = Value::array({out});
  return Flow::proceed;
}

// Below it nothing is counted: what such results weigh, the bound on steps bounds.
constexpr std::size_t kLightResult = 1024;

Flow Evaluator::call_builtin(Builtin const& builtin, std::span<const Value> arguments,
                             Statement const& s, Frame const& frame, Value& out) {
  if (builtin.name.starts_with("rego.metadata.")) {
    Metadata found = metadata_of(program_, *frame.rule);
    context_.metadata_rule = std::move(found.rule);
    context_.metadata_chain = std::move(found.chain);
  }
  if (builtin.kind == BuiltinKind::nothing) {
    BuiltinCall print(builtin.name, arguments, context_);
    Value text = builtin.function(print);
    if (text.defined() && options_.print) options_.print(location(s.place), text.as_string());
    out = Value::boolean(true);
    return Flow::proceed;
  }
  BuiltinCall made(builtin.name, arguments, context_);
  out = builtin.function(made);
  using Problem = BuiltinCall::Problem;
  if (made.problem() == Problem::none) {
    // What a function returns is paid for by the evaluation; a result that took too long is none.
    std::size_t const weight =
        out.is(Kind::string) ? out.as_string().size() : out.size() * sizeof(Value);
    return weight > kLightResult && !charge(weight) ? Flow::error : Flow::proceed;
  }
  out = {};
  bool strict = options_.builtin_errors == BuiltinErrors::strict;
  if (!strict && made.problem() != Problem::fatal && made.problem() != Problem::conflict) {
    return Flow::proceed;
  }
  std::string_view code = made.problem() == Problem::type       ? "eval_type_error"
                          : made.problem() == Problem::conflict ? "eval_conflict_error"
                                                                : "eval_builtin_error";
  return fail(code, std::string(builtin.name) + ": " + made.message(), s.place);
}

}  // namespace aw::rego
