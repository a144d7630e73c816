// SPDX-License-Identifier: Apache-2.0
#include "core/rego/eval.h"

#include <algorithm>

#include "core/base/random.h"
#include "core/rego/why.h"

namespace aw::rego {
namespace {
constexpr std::size_t kChunk = 512;        // slots of one further piece of the stack
constexpr std::size_t kHashFrom = 16;      // members from which a set in the making is hashed
constexpr std::uint64_t kLookEvery = 256;  // steps between looks at the clock
}  // namespace

void SetBuilder::add(Value value) {
  if (items_.size() < kHashFrom) {
    if (std::ranges::find(items_, value) != items_.end()) return;
  } else {
    if (seen_.empty()) {
      for (Value const& item : items_) seen_.emplace(item, '\0');
    }
    if (!seen_.emplace(value, '\0').second) return;
  }
  items_.push_back(std::move(value));
}

DocumentBuilder& DocumentBuilder::member(Value const& key) {
  auto [at, added] = index.try_emplace(key, members.size());
  if (added) members.emplace_back(key, std::make_unique<DocumentBuilder>());
  return *members[at->second].second;
}

Value DocumentBuilder::finish() {
  switch (kind) {
    case Kind::none:
      return {};
    case Kind::value:
      return std::move(value);
    case Kind::set:
      return set.finish();
    case Kind::object:
      break;
  }
  std::vector<Entry> entries;
  entries.reserve(members.size());
  for (auto& [key, held] : members) entries.push_back({key, held->finish()});
  return Value::object(std::move(entries));
}

Evaluator::Evaluator(Program const& program, Value input, EvalOptions const& options)
    : program_(program), options_(options) {
  world_->input = std::move(input);
  world_->data = options.data.defined() ? options.data : program.data;
  if (options_.clock != nullptr) deadline_ = options_.clock->steady() + options_.limits.time;
  context_.options = &options_;
  context_.cache = program.cache.get();
  context_.random_state = &random_;
  context_.remembered = &remembered_;
  context_.interrupted = [this] { return late() || cancelled(); };
  random_ = options_.seed;
}

Evaluator::~Evaluator() = default;

Flow Evaluator::fail(std::string_view code, std::string message, Place place) {
  if (!error_) {
    error_ = std::make_unique<EvalError>();
    error_->code = code;
    error_->message = std::move(message);
    error_->location = location(place);
  }
  return Flow::error;
}

Location Evaluator::location(Place const& place) const { return program_.location(place); }

Flow Evaluator::tick() {
  if (++steps_ > options_.limits.steps) {
    return fail("eval_cancel_error", "evaluation takes too many steps", {});
  }
  if (steps_ % kLookEvery != 0) return Flow::proceed;
  if (late()) return fail("eval_cancel_error", "evaluation takes too long", {});
  if (cancelled()) return fail("eval_cancel_error", "caller cancelled query execution", {});
  return Flow::proceed;
}

bool Evaluator::late() const {
  return options_.clock != nullptr && options_.clock->steady() > deadline_;
}

bool Evaluator::cancelled() const { return options_.cancelled && options_.cancelled(); }

bool Evaluator::charge(std::size_t bytes) {
  memory_ += bytes;
  if (memory_ <= options_.limits.memory) return true;
  fail("eval_cancel_error", "evaluation takes too much memory", {});
  return false;
}

bool Evaluator::match(Pattern const& pattern, Value const& value, Frame& frame) {
  switch (pattern.kind) {
    case Pattern::Kind::none:
      return true;
    case Pattern::Kind::constant:
      return pattern.value == value;
    case Pattern::Kind::var:
      if (!pattern.binds) return frame.slots[pattern.slot] == value;
      frame.slots[pattern.slot] = value;
      return true;
    case Pattern::Kind::array: {
      if (!value.is(Kind::array) || value.size() != pattern.items.size()) return false;
      auto items = value.items();
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (!match(pattern.items[i], items[i], frame)) return false;
      }
      return true;
    }
    case Pattern::Kind::object: {
      if (!value.is(Kind::object) || value.size() * 2 != pattern.items.size()) return false;
      for (std::size_t i = 0; i < pattern.items.size(); i += 2) {
        Value held;
        Value const* found = value.find(operand(pattern.items[i], frame, held));
        if (found == nullptr || !match(pattern.items[i + 1], *found, frame)) return false;
      }
      return true;
    }
    case Pattern::Kind::set:
      return build(pattern, frame) == value;
  }
  return false;
}

Value Evaluator::build(Pattern const& pattern, Frame const& frame) const {
  switch (pattern.kind) {
    case Pattern::Kind::none:
      return {};
    case Pattern::Kind::constant:
      return pattern.value;
    case Pattern::Kind::var:
      return frame.slots[pattern.slot];
    case Pattern::Kind::object: {
      std::vector<Entry> entries;
      entries.reserve(pattern.items.size() / 2);
      for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
        entries.push_back({build(pattern.items[i], frame), build(pattern.items[i + 1], frame)});
      }
      return Value::object(std::move(entries));
    }
    case Pattern::Kind::array:
    case Pattern::Kind::set:
      break;
  }
  std::vector<Value> items;
  items.reserve(pattern.items.size());
  for (Pattern const& item : pattern.items) items.push_back(build(item, frame));
  return pattern.kind == Pattern::Kind::array ? Value::array(std::move(items))
                                              : Value::set(std::move(items));
}

Value const& Evaluator::operand(Pattern const& pattern, Frame const& frame, Value& held) const {
  if (pattern.kind == Pattern::Kind::constant) return pattern.value;
  if (pattern.kind == Pattern::Kind::var) return frame.slots[pattern.slot];
  held = build(pattern, frame);
  return held;
}

bool Evaluator::accept(Statement const& s, Value const& value, Frame& frame) {
  if (s.test && value.is_false()) return false;
  return match(s.out, value, frame);
}

Flow Evaluator::run(Block const& block, std::size_t at, Frame& frame, Continue done) {
  Depth depth(*this);
  if (depth.exceeded()) {
    return fail("eval_cancel_error", "evaluation nests too deeply",
                block.empty() ? Place{} : block[0].place);
  }
  for (; at < block.size(); ++at) {
    Statement const& s = block[at];
    if (Flow flow = tick(); flow != Flow::proceed) return flow;
    if (covered_ != nullptr) covered_->push_back(s.place);
    if (events_ != nullptr) note_eval(block, at, frame);
    bool many = (s.kind == Statement::Kind::ref && s.iterates) || s.kind == Statement::Kind::with ||
                (s.kind == Statement::Kind::call && s.builtin != nullptr &&
                 s.builtin->kind == BuiltinKind::relation);
    if (many) {
      bool any = false;
      Flow flow = iterate(s, block, at, frame, [&] {
        any = true;
        return run(block, at + 1, frame, done);
      });
      if (why_ != nullptr && !any && flow == Flow::proceed) note_failed(block, at, frame);
      return flow;
    }
    bool held = false;
    if (Flow flow = step(s, frame, held); flow != Flow::proceed) return flow;
    if (!held) {
      if (why_ != nullptr) note_failed(block, at, frame);
      return Flow::proceed;
    }
  }
  return done();
}

// One statement that has at most one result.
Flow Evaluator::step(Statement const& s, Frame& frame, bool& held) {
  switch (s.kind) {
    case Statement::Kind::fail:
      return Flow::proceed;
    case Statement::Kind::unify: {
      Value made;
      Value const& value = operand(s.left, frame, made);
      held = accept(s, value, frame);
      return Flow::proceed;
    }
    case Statement::Kind::ref: {
      Value value;
      Flow flow = resolve(s, frame, value);
      held = value.defined() && accept(s, value, frame);
      return flow;
    }
    case Statement::Kind::call: {
      Value value;
      Flow flow = call(s, frame, value);
      held = value.defined() && accept(s, value, frame);
      return flow;
    }
    case Statement::Kind::negation: {
      bool found = false;
      Flow flow = exists(s.body, frame, found);
      held = !found;
      return flow;
    }
    case Statement::Kind::every:
      return every(s, frame, held);
    case Statement::Kind::comprehension:
      return comprehend(s, frame, held);
    case Statement::Kind::conjunction: {
      Flow flow = exists(s.body, frame, held);
      if (flow == Flow::proceed && held) flow = exists(s.other, frame, held);
      return flow;
    }
    case Statement::Kind::disjunction: {
      Flow flow = exists(s.body, frame, held);
      if (flow == Flow::proceed && !held) flow = exists(s.other, frame, held);
      return flow;
    }
    case Statement::Kind::with:
      break;
  }
  return Flow::proceed;
}

Flow Evaluator::iterate(Statement const& s, Block const&, std::size_t, Frame& frame,
                        Continue done) {
  if (s.kind == Statement::Kind::with) return with(s, frame, done);
  if (s.kind == Statement::Kind::ref) {
    return walk(s, frame, [&](Value const& value) {
      return accept(s, value, frame) ? done() : Flow::proceed;
    });
  }
  Value results;
  if (Flow flow = call(s, frame, results); flow != Flow::proceed) return flow;
  if (!results.is(Kind::array)) {
    return results.defined() && accept(s, results, frame) ? done() : Flow::proceed;
  }
  for (Value const& result : results.items()) {
    if (!accept(s, result, frame)) continue;
    if (Flow flow = done(); flow != Flow::proceed) return flow;
  }
  return Flow::proceed;
}

Flow Evaluator::exists(Block const& block, Frame& frame, bool& found) {
  found = false;
  Flow flow = run(block, 0, frame, [&] {
    found = true;
    return Flow::stop;
  });
  return flow == Flow::error ? flow : Flow::proceed;
}

Flow Evaluator::every(Statement const& s, Frame& frame, bool& held) {
  Value domain = build(s.left, frame);
  auto one = [&](Value const& key, Value const& value) {
    bool shape = match(s.steps[0], key, frame) && match(s.out, value, frame);
    bool found = false;
    Flow flow = shape ? exists(s.body, frame, found) : Flow::proceed;
    held = found;
    return flow;
  };
  held = domain.is(Kind::array) || domain.is(Kind::object) || domain.is(Kind::set);
  auto items = domain.items();
  for (std::size_t i = 0; i < items.size() && held; ++i) {
    Value key = domain.is(Kind::array) ? Value::number(static_cast<std::int64_t>(i)) : items[i];
    if (Flow flow = one(key, items[i]); flow != Flow::proceed) return flow;
  }
  for (Entry const& entry : domain.entries()) {
    if (!held) break;
    if (Flow flow = one(entry.key, entry.value); flow != Flow::proceed) return flow;
  }
  return Flow::proceed;
}

Flow Evaluator::comprehend(Statement const& s, Frame& frame, bool& held) {
  std::vector<Value> items;
  SetBuilder members;
  std::unordered_map<Value, Value, ValueHash> object;
  Flow flow = run(s.body, 0, frame, [&] {
    if (!charge(sizeof(Entry))) return Flow::error;
    Value item = build(s.left, frame);
    if (s.collection == Statement::Collection::array) {
      items.push_back(std::move(item));
    } else if (s.collection == Statement::Collection::set) {
      members.add(std::move(item));
    } else {
      Value value = build(s.steps[0], frame);
      auto [at, added] = object.try_emplace(std::move(item), value);
      if (!added && !(at->second == value)) {
        return fail("eval_conflict_error", "object keys must be unique", s.place);
      }
    }
    return Flow::proceed;
  });
  if (flow == Flow::error) return flow;
  Value result;
  if (s.collection == Statement::Collection::array) {
    result = Value::array(std::move(items));
  } else if (s.collection == Statement::Collection::set) {
    result = members.finish();
  } else {
    std::vector<Entry> entries;
    entries.reserve(object.size());
    for (auto& [key, value] : object) entries.push_back({key, value});
    result = Value::object(std::move(entries));
  }
  held = accept(s, result, frame);
  return Flow::proceed;
}

void Evaluator::finish(Outcome& out) {
  out.steps = steps_;
  if (!error_) return;
  out.error = std::move(error_);
  out.value = {};
  out.bindings.clear();
  out.expressions.clear();
}

void Evaluator::run_path(PreparedQuery const& query, Outcome& out) {
  stack_begin_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));  // NOLINT
  Frame frame;
  (void)resolve(query.reference, frame, out.value);  // a failure is in error_
  if (out.value.defined()) out.bindings.push_back({{"result", out.value}});
  if (out.value.defined()) out.expressions.push_back({out.value});
  finish(out);
}

void Evaluator::run_query(PreparedQuery const& query, Outcome& out) {
  stack_begin_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));  // NOLINT
  (void)with_frame(query.plan, [&](Frame& frame) {
    return run(query.plan.body, 0, frame, [&] {
      if (!charge(64 + query.outputs.size() * sizeof(Value))) return Flow::error;
      std::vector<std::pair<std::string, Value>> bindings;
      bindings.reserve(query.outputs.size());
      for (auto const& [name, slot] : query.outputs) {
        bindings.emplace_back(name, frame.slots[slot]);
      }
      std::vector<Value> values;
      values.reserve(query.expressions.size());
      for (Pattern const& expression : query.expressions) {
        values.push_back(build(expression, frame));
      }
      if (!out.value.defined() && !values.empty()) out.value = values.back();
      out.bindings.push_back(std::move(bindings));
      out.expressions.push_back(std::move(values));
      return Flow::proceed;
    });
  });
  finish(out);
}

void Evaluator::run_rule(Group const& group, RulePlan const& rule, Outcome& out) {
  stack_begin_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));  // NOLINT
  (void)complete_rule(group, rule, {}, out.value);  // a failure is in error_
  finish(out);
}

void Evaluator::run_heads(RulePlan const& rule, Block const& block, Outcome& out) {
  stack_begin_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));  // NOLINT
  (void)with_frame(rule, [&](Frame& frame) {
    return run(block, 0, frame, [&] {
      std::vector<Value> steps;
      steps.reserve(rule.suffix.size());
      for (Pattern const& step : rule.suffix) steps.push_back(build(step, frame));
      if (!charge(64 + steps.size() * sizeof(Value))) return Flow::error;
      out.expressions.push_back(std::move(steps));
      return Flow::proceed;
    });
  });
  finish(out);
}

Flow Evaluator::with_frame(RulePlan const& rule, Callback<Flow(Frame&)> body) {
  std::span<Value> was = free_;
  std::unique_ptr<Value[]> chunk;
  if (rule.slots > free_.size()) {
    auto size = std::max<std::size_t>(kChunk, rule.slots);
    if (!charge(size * sizeof(Value))) return Flow::error;
    chunk = std::make_unique<Value[]>(size);
    free_ = {chunk.get(), size};
  }
  Frame frame{.slots = free_.data(), .rule = &rule};
  std::span<Value> used = free_.first(rule.slots);
  free_ = free_.subspan(rule.slots);
  Flow flow = body(frame);
  if (chunk) {
    memory_ -= std::max<std::size_t>(kChunk, rule.slots) * sizeof(Value);
  } else {
    for (Value& slot : used) slot = Value();
  }
  free_ = was;
  return flow;
}

std::string EvalError::text() const {
  std::string out;
  if (!location.file.empty()) out = location.file + ":" + std::to_string(location.line) + ": ";
  return out + code + ": " + message;
}

Outcome Policy::evaluate(Query const& query, Value const& input, EvalOptions const& options) const {
  return evaluate_covered(*this, query, input, options, nullptr);
}

Outcome evaluate_covered(Policy const& policy, Query const& query, Value const& input,
                         EvalOptions const& options, std::vector<Place>* covered) {
  Outcome out;
  PreparedQuery const* prepared = query.get();
  if (prepared == nullptr || prepared->program.get() != &policy.program()) {
    out.error = std::make_unique<EvalError>();
    out.error->code = "eval_internal_error";
    out.error->message = "the query is not prepared by this policy";
    return out;
  }
  Evaluator evaluator(policy.program(), input, options);
  evaluator.cover(covered);
  std::unique_ptr<WhyRecorder> why;
  if (options.trace != TraceLevel::off) {
    why = std::make_unique<WhyRecorder>(policy.program(), *prepared);
    evaluator.record(why.get());
  }
  if (options.trace == TraceLevel::full) evaluator.narrate(&out.events, *prepared);
  if (prepared->is_path) {
    evaluator.run_path(*prepared, out);
  } else {
    evaluator.run_query(*prepared, out);
  }
  if (options.trace == TraceLevel::full) evaluator.end_story(out);
  if (why) out.why = why->finish();
  return out;
}

}  // namespace aw::rego
