// SPDX-License-Identifier: Apache-2.0
// Documents out of rules, remembered per world.
#include <algorithm>

#include "core/rego/compile_possible.h"
#include "core/rego/eval.h"
#include "core/rego/why.h"

namespace aw::rego {
namespace {
constexpr std::size_t kFewRules = 6;  // so many are tried faster than the patterns are

bool meets(Need const& need, Value const& found) {
  switch (need.ask) {
    case Need::Ask::present:
      return true;
    case Need::Ask::equals:
      return need.value == found;
    case Need::Ask::holds:
      return found.holds(need.value);
    case Need::Ask::one_of:
      return need.value.holds(found);
    case Need::Ask::prefix:
      return !found.is(Kind::string) || found.as_string().starts_with(need.value.as_string());
    case Need::Ask::suffix:
      return !found.is(Kind::string) || found.as_string().ends_with(need.value.as_string());
  }
  return true;
}

}  // namespace

Flow Evaluator::group_value(Group const& group, Value& out) {
  if (world_->cache.empty()) world_->cache.resize(program_.groups.size());
  if (Cached const& cached = world_->cache[group.id]; cached.known) {
    out = cached.value;
    return Flow::proceed;
  }
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", {});
  World* world = world_;
  Flow flow = group.kind == GroupKind::partial_set      ? partial_set(group, out)
              : group.kind == GroupKind::partial_object ? partial_object(group, {}, out)
                                                        : complete(group, {}, out);
  if (flow == Flow::proceed) world->cache[group.id] = {true, out};
  return flow;
}

// The rules that the input leaves possible; nullptr: all. Records and coverage want to see all.
// `kept` holds the answer when it is made for this question.
std::vector<std::uint32_t> const* Evaluator::candidates(Group const& group,
                                                        std::vector<std::uint32_t>& kept) const {
  bool const all = why_ != nullptr || options_.begin == Begin::all;
  if (all || covered_ != nullptr) return nullptr;
  auto const* only = by_equality(group);
  std::size_t count = only == nullptr ? group.rules.size() : only->size();
  bool worth = group.index.patterns != nullptr && count > kFewRules && world_->mocks.empty();
  return worth && by_pattern(group, only, kept) ? &kept : only;
}

// Whether the body asks, wherever it does, for what input and data do not have: compile_needs.cc.
bool Evaluator::left_out(RulePlan const& rule) const {
  bool matters = rule.may_fail || options_.builtin_errors == BuiltinErrors::strict;
  if (!matters || why_ != nullptr || options_.begin == Begin::all) return false;
  return std::ranges::any_of(rule.needs, [this](Need const& need) {
    Value const* at = need.of_input ? &world_->input : &world_->data;
    for (Value const& step : need.path) {
      at = need.of_input ? at->find(step) : base_member(*at, step);
      if (at == nullptr) return true;
    }
    return !at->defined() || !meets(need, *at);
  });
}

// Leaves out of `only` (nullptr: all) the rules whose pattern the input's text does not match.
// False when there is no telling.
bool Evaluator::by_pattern(Group const& group, std::vector<std::uint32_t> const* only,
                           std::vector<std::uint32_t>& kept) const {
  Value const* at = &world_->input;
  for (Value const& step : group.index.pattern_path) {
    at = at->find(step);
    if (at == nullptr) return false;
  }
  std::vector<int> numbers;
  if (!at->is(Kind::string) || !group.index.patterns->match(at->as_string(), numbers)) return false;
  std::vector<bool> out = group.index.patterned;
  for (int number : numbers) {
    out[group.index.pattern_rules[static_cast<std::size_t>(number)]] = false;
  }
  std::size_t count = only == nullptr ? group.rules.size() : only->size();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t rule = only == nullptr ? static_cast<std::uint32_t>(i) : (*only)[i];
    if (!out[rule]) kept.push_back(rule);
  }
  return true;
}

std::vector<std::uint32_t> const* Evaluator::by_equality(Group const& group) const {
  if (group.index.path.empty()) return nullptr;
  Value const* at = &world_->input;
  for (Value const& step : group.index.path) {
    at = at->find(step);
    if (at == nullptr) return &group.index.rest;
  }
  auto found = group.index.by_value.find(*at);
  return found == group.index.by_value.end() ? &group.index.rest : &found->second;
}

Flow Evaluator::complete(Group const& group, std::span<const Value> arguments, Value& out) {
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", {});
  std::vector<std::uint32_t> kept;
  auto const* only = candidates(group, kept);
  std::size_t count = only == nullptr ? group.rules.size() : only->size();
  for (std::size_t i = 0; i < count; ++i) {
    RulePlan const& rule = group.rules[only == nullptr ? i : (*only)[i]];
    Flow flow = complete_rule(group, rule, arguments, out);
    if (flow == Flow::error) return flow;
    bool follow_all = why_ != nullptr && why_->follows(&rule);
    if (out.defined() && group.same_constant && !follow_all) break;
  }
  if (out.defined() || !group.fallback) return Flow::proceed;
  Flow flow = complete_rule(group, *group.fallback, arguments, out);
  return flow == Flow::error ? flow : Flow::proceed;
}

// A rule and its else branches: the first whose body holds gives the value.
Flow Evaluator::complete_rule(Group const& group, RulePlan const& rule,
                              std::span<const Value> arguments, Value& out) {
  for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
    if (left_out(*at)) continue;
    bool fired = false;
    Narration const told(*this, group, *at);
    Flow flow = with_frame(*at, [&](Frame& frame) {
      for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (!match(at->args[i], arguments[i], frame)) return Flow::proceed;
      }
      return run(at->body, 0, frame, [&] {
        fired = true;
        if (why_ != nullptr) note_fired(group, *at, frame);
        if (covered_ != nullptr) covered_->push_back(at->head_place);
        Value value = build(at->value, frame);
        if (out.defined() && !(out == value)) {
          bool function = group.kind == GroupKind::function;
          return fail("eval_conflict_error",
                      function ? "function " + group.path +
                                     " produced conflicting values for the same inputs"
                               : "rule " + group.path + " produced conflicting values",
                      at->head_place);
        }
        out = std::move(value);
        return at->constant_value ? Flow::stop : Flow::proceed;
      });
    });
    if (flow == Flow::error) return flow;
    if (fired) break;
  }
  return Flow::proceed;
}

Flow Evaluator::partial_set(Group const& group, Value& out) {
  SetBuilder members;
  std::vector<std::uint32_t> kept;
  auto const* only = candidates(group, kept);
  std::size_t count = only == nullptr ? group.rules.size() : only->size();
  for (std::size_t i = 0; i < count; ++i) {
    RulePlan const& rule = group.rules[only == nullptr ? i : (*only)[i]];
    if (left_out(rule)) continue;
    Narration const told(*this, group, rule);
    Flow flow = with_frame(rule, [&](Frame& frame) {
      return run(rule.body, 0, frame, [&] {
        if (!charge(sizeof(Value) * 2)) return Flow::error;
        if (covered_ != nullptr) covered_->push_back(rule.head_place);
        if (why_ != nullptr) note_fired(group, rule, frame);
        members.add(build(rule.key, frame));
        return Flow::proceed;
      });
    });
    if (flow == Flow::error) return flow;
  }
  out = members.finish();
  return Flow::proceed;
}

Flow Evaluator::partial_object(Group const& group, Wanted const& wanted, Value& out) {
  DocumentBuilder document;
  document.kind = DocumentBuilder::Kind::object;
  for (RulePlan const& first : group.rules) {
    if (!head_may_match(first.suffix, wanted, 0)) continue;
    for (RulePlan const* at = &first; at != nullptr; at = at->otherwise.get()) {
      if (left_out(*at)) continue;
      bool fired = false;
      Narration const told(*this, group, *at);
      Flow flow = with_frame(*at, [&](Frame& frame) {
        return run(at->body, 0, frame, [&] {
          fired = true;
          if (covered_ != nullptr) covered_->push_back(at->head_place);
          if (why_ != nullptr) note_fired(group, *at, frame);
          return insert(*at, frame, 0, document);
        });
      });
      if (flow == Flow::error) return flow;
      if (fired) break;
    }
  }
  out = document.finish();
  return Flow::proceed;
}

// The steps count that compile_recursion.cc counted, so that no rule comes round to itself here.
Flow Evaluator::part_value(Group const& group, Statement const& s, std::size_t at, Frame& frame,
                           Value& out) {
  Wanted wanted;
  std::vector<Value> name;
  bool bound = true;
  for (std::size_t i = at; i < s.steps.size(); ++i) {
    bound = bound && s.steps[i].ground;
    bool const known = bound || s.steps[i].kind == Pattern::Kind::constant;
    auto& step = wanted.emplace_back();
    if (known) step = {build(s.steps[i], frame)};
    name.push_back(Value::array(step.value_or(std::vector<Value>{})));
  }
  Value const key = Value::array(std::move(name));
  World* world = world_;
  if (world->keyed.empty()) world->keyed.resize(program_.groups.size());
  auto& parts = world->keyed[group.id].values;
  if (auto found = parts.find(key); found != parts.end()) {
    out = found->second;
    return Flow::proceed;
  }
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", {});
  if (Flow flow = partial_object(group, wanted, out); flow != Flow::proceed) return flow;
  if (!charge(sizeof(Value) * 4)) return Flow::error;
  world->keyed[group.id].values.emplace(key, out);
  return Flow::proceed;
}

// Puts what the rule says at its place: the steps of the head from `from` on, then key or value.
Flow Evaluator::insert(RulePlan const& rule, Frame& frame, std::size_t from,
                       DocumentBuilder& into) {
  if (!charge(sizeof(DocumentBuilder))) return Flow::error;
  auto conflict = [&] {
    return fail("eval_conflict_error", "object keys must be unique", rule.head_place);
  };
  DocumentBuilder* at = &into;
  for (std::size_t i = from; i < rule.suffix.size(); ++i) {
    if (at->kind == DocumentBuilder::Kind::none) at->kind = DocumentBuilder::Kind::object;
    if (at->kind != DocumentBuilder::Kind::object) return conflict();
    at = &at->member(build(rule.suffix[i], frame));
  }
  if (rule.multi_value) {
    if (at->kind == DocumentBuilder::Kind::none) at->kind = DocumentBuilder::Kind::set;
    if (at->kind != DocumentBuilder::Kind::set) return conflict();
    at->set.add(build(rule.key, frame));
    return Flow::proceed;
  }
  Value value = build(rule.value, frame);
  if (at->kind == DocumentBuilder::Kind::none) {
    at->kind = DocumentBuilder::Kind::value;
    at->value = std::move(value);
    return Flow::proceed;
  }
  bool same = at->kind == DocumentBuilder::Kind::value && at->value == value;
  return same ? Flow::proceed : conflict();
}

// What a partial document holds at one key, without making the rest of it. `answered` is false when
// the rules do not allow that.
Flow Evaluator::keyed_value(Group const& group, Value const& key, Value& out, bool& answered) {
  if (!world_->cache.empty() && world_->cache[group.id].known) return Flow::proceed;
  if (group.in_parts) return Flow::proceed;
  for (RulePlan const& rule : group.rules) {
    if (!rule.keyed || rule.otherwise) return Flow::proceed;
  }
  if (why_ != nullptr && !group.rules.empty() && why_->follows(&group.rules.front())) {
    return Flow::proceed;
  }
  answered = true;
  World* world = world_;
  if (world->keyed.empty()) world->keyed.resize(program_.groups.size());
  auto& known = world->keyed[group.id].values;
  if (auto found = known.find(key); found != known.end()) {
    out = found->second;
    return Flow::proceed;
  }
  Depth depth(*this);
  if (depth.exceeded()) return fail("eval_cancel_error", "evaluation nests too deeply", {});
  DocumentBuilder document;
  bool member = false;
  for (RulePlan const& rule : group.rules) {
    Flow flow = keyed_rule(rule, key, document, member);
    if (flow == Flow::error) return flow;
    if (member && group.kind == GroupKind::partial_set) break;
  }
  out = group.kind == GroupKind::partial_set ? (member ? key : Value{}) : document.finish();
  if (!charge(sizeof(Value) * 4)) return Flow::error;
  world->keyed[group.id].values.emplace(key, out);
  return Flow::proceed;
}

Flow Evaluator::keyed_rule(RulePlan const& rule, Value const& key, DocumentBuilder& into,
                           bool& member) {
  if (left_out(rule)) return Flow::proceed;
  return with_frame(rule, [&](Frame& frame) {
    if (!match(rule.entry, key, frame)) return Flow::proceed;
    return run(rule.keyed_body, 0, frame, [&] {
      if (covered_ != nullptr) covered_->push_back(rule.head_place);
      if (!rule.suffix.empty()) return insert(rule, frame, 1, into);
      member = true;
      return Flow::stop;
    });
  });
}

}  // namespace aw::rego
