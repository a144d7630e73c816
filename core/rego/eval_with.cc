// SPDX-License-Identifier: Apache-2.0
// `with`: the same expression in a changed world.
#include "core/rego/eval.h"

namespace aw::rego {

Value Evaluator::upsert(Value const& root, std::span<const Value> path, Value const& leaf) const {
  if (path.empty()) return leaf;
  std::vector<Entry> entries;
  bool found = false;
  for (Entry const& entry : root.entries()) {
    bool here = entry.key == path.front();
    found = found || here;
    entries.push_back({entry.key, here ? upsert(entry.value, path.subspan(1), leaf) : entry.value});
  }
  if (!found) entries.push_back({path.front(), upsert(Value(), path.subspan(1), leaf)});
  return Value::object(std::move(entries));
}

Flow Evaluator::with(Statement const& s, Frame& frame, Continue done) {
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", s.place);
  World* outer = world_;
  World inner;
  inner.input = outer->input;
  inner.data = outer->data;
  inner.replaced = outer->replaced;
  inner.mocks = outer->mocks;
  for (WithTarget const& target : s.targets) {
    if (target.kind == WithTarget::Kind::no_document) {
      return fail("eval_conflict_error", "bad document path", s.place);
    }
    Value value = build(target.value, frame);
    if (target.kind == WithTarget::Kind::function) {
      inner.mocks.push_back({&target, std::move(value)});
    } else if (target.kind == WithTarget::Kind::input) {
      inner.input = upsert(inner.input, target.path, value);
    } else {
      inner.data = upsert(inner.data, target.path, value);
      inner.replaced.push_back(target.path);
    }
  }
  world_ = &inner;
  Flow flow = run(s.body, 0, frame, [&] {
    world_ = outer;
    Flow next = done();
    world_ = &inner;
    return next;
  });
  world_ = outer;
  return flow;
}

}  // namespace aw::rego
