// SPDX-License-Identifier: Apache-2.0
#include "core/rego/type_check.h"

#include <algorithm>
#include <utility>

#include "core/rego/type_checker.h"

namespace aw::rego {
namespace {

using PatternKind = Pattern::Kind;

}  // namespace

void TypeChecker::check_all() {
  for (auto const& group : program_.groups) (void)types_of(*group);
}

void TypeChecker::check_query(PreparedQuery const& query) {
  match_.reset(query.plan.slots);
  query_ = &query;
  names(query.plan);
  block(query.plan.body);
}

// Groups, each after those it needs: they are asked for, and there are no cycles.
TypeChecker::GroupTypes const& TypeChecker::types_of(Group const& group) {
  GroupTypes& known = groups_[group.id];
  if (known.known) return known;
  // Rules that follow each other a thousand deep cost a stack frame each: beyond this nothing is
  // known of the next one, which has its own turn.
  constexpr int kMostRulesDeep = 200;
  if (rules_deep_ >= kMostRulesDeep) return unknown_;
  ++rules_deep_;
  known.known = true;
  known.value = any_type();  // for those of its rules that ask others of them
  GroupTypes made;
  made.known = true;
  made.arguments.resize(group.arity);
  TypeMatch outer = std::exchange(match_, {});
  std::vector<bool> outer_named = std::exchange(named_, {});
  PreparedQuery const* query = std::exchange(query_, nullptr);
  RulePlan const* asking = rule_;
  TypesWith outside = std::exchange(with_, TypesWith(program_));
  int inside = std::exchange(refs_only_, 0);
  for (RulePlan const& rule : group.rules) rule_types(group, rule, made);
  if (group.fallback) rule_types(group, *group.fallback, made);
  match_ = std::move(outer);
  named_ = std::move(outer_named);
  query_ = query;
  rule_ = asking;
  with_ = std::move(outside);
  refs_only_ = inside;
  if (!made.value) made.value = any_type();
  groups_[group.id] = std::move(made);
  --rules_deep_;
  return groups_[group.id];
}

void TypeChecker::rule_types(Group const& group, RulePlan const& rule, GroupTypes& made) {
  for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
    match_.reset(at->slots);
    names(*at);
    rule_ = at;
    std::size_t before = faults_.found().size();
    block(at->body);
    // A rule with a fault says nothing of its type, so that one fault is not told twice.
    bool sound = faults_.found().size() == before;
    match_.settle(at->multi_value ? at->key : at->value);
    for (std::size_t i = 0; i < at->args.size() && i < made.arguments.size(); ++i) {
      match_.open_up(at->args[i]);
      TypeRef type = sound ? match_.type_of(at->args[i]) : any_type();
      made.arguments[i] = either(made.arguments[i], type);
    }
    TypeRef value = sound ? head_type(*at) : any_type();
    made.value =
        group.kind == GroupKind::function ? either(made.value, value) : merged(made.value, value);
  }
}

// Null when something in the head is not known.
TypeRef TypeChecker::head_type(RulePlan const& rule) {
  TypeRef type = match_.type_of(rule.multi_value ? rule.key : rule.value);
  if (type && rule.multi_value) type = set_of(type);
  bool const ground = std::ranges::all_of(rule.suffix, [](Pattern const& step) {
    return step.kind == PatternKind::constant && step.value.kind() < Kind::array;
  });
  for (std::size_t i = rule.suffix.size(); i > 0 && type; --i) {
    Pattern const& step = rule.suffix[i - 1];
    TypeRef key = match_.type_of(step);
    if (step.kind == PatternKind::var && is_open(key)) key = any_type();
    // Beside a rule of a single member there may be others.
    type = ground ? object_of({{step.value, type}}, any_type(), any_type())
           : key  ? object_of({}, key, type)
                  : nullptr;
  }
  return type;
}

void TypeChecker::names(RulePlan const& plan) {
  named_.assign(plan.slots, false);
  for (auto const& [name, slot] : plan.names) named_[slot] = true;
}

void TypeChecker::match_error(Place const& place, TypeRef const& left, TypeRef const& right) {
  faults_.add("rego_type_error", place, "match error",
              "left: " + type_text(left) + ", right: " + type_text(right));
}

void TypeChecker::equal(Side const& left, Side const& right, Place const& place) {
  if (match_.equal(left, right)) return;
  auto type = [&](Side const& side) {
    return side.form == Side::Form::pattern ? match_.type_of(side.pattern) : side.type;
  };
  match_error(place, type(left), type(right));
}

// What a reference, a comprehension or a call gives, held against what is wanted: a slot without
// a name stands for it.
void TypeChecker::out(Statement const& s, Side::Form form, TypeRef const& type) {
  if (s.out.kind == PatternKind::none || refs_only_ > 0) return;
  Side side = {.form = form, .pattern = {}, .type = type};
  bool const fresh = s.out.kind == PatternKind::var && !named_[s.out.slot];
  if (fresh && !match_.at(s.out.slot)) return match_.stand_for(s.out.slot, std::move(side));
  equal({.form = Side::Form::pattern, .pattern = s.out, .type = nullptr}, side, s.place);
}

void TypeChecker::block(Block const& statements) {
  for (Statement const& s : statements) statement(s);
}

void TypeChecker::statement(Statement const& s) {
  switch (s.kind) {
    case Statement::Kind::unify:
      if (s.out.kind == PatternKind::none || refs_only_ > 0) return;
      if (scalar_gone_through(s)) return;
      return equal({.form = Side::Form::pattern, .pattern = s.left, .type = nullptr},
                   {.form = Side::Form::pattern, .pattern = s.out, .type = nullptr}, s.place);
    case Statement::Kind::ref:
      return reference(s);
    case Statement::Kind::call:
      if (refs_only_ == 0) call(s);
      return;
    case Statement::Kind::comprehension:
      return comprehension(s);
    case Statement::Kind::with:
      return with(s);
    case Statement::Kind::negation:
      if (s.implicit) return block(s.body);
      return closure(s);
    // Of what is inside OPA looks at references and comprehensions only; a policy that it takes
    // must not be refused here.
    case Statement::Kind::every:
    case Statement::Kind::conjunction:
    case Statement::Kind::disjunction:
      return closure(s);
    case Statement::Kind::fail:
      if (refs_only_ == 0) match_error(s.place, nullptr, nullptr);
      return;
  }
}

// `some x in "a"` never holds, and OPA says nothing of it.
bool TypeChecker::scalar_gone_through(Statement const& s) {
  bool const swapped = s.left.kind == PatternKind::constant;
  Pattern const& held = swapped ? s.out : s.left;
  Pattern const& value = swapped ? s.left : s.out;
  bool const scalar = value.kind == PatternKind::constant && value.value.kind() < Kind::array;
  if (!s.gone_through || !scalar || held.kind != PatternKind::var) return false;
  match_.at(held.slot) = any_type();
  return true;
}

void TypeChecker::closure(Statement const& s) {
  ++refs_only_;
  block(s.body);
  block(s.other);
  --refs_only_;
}

// Documents that are replaced have other types inside, and nothing is known of what depends on
// them.
void TypeChecker::with(Statement const& s) {
  TypesWith outside = with_;
  TypesWith inside = with_;
  for (WithTarget const& target : s.targets) {
    if (target.kind == WithTarget::Kind::data) {
      Statement read;
      read.root = Statement::Root::data;
      for (Value const& step : target.path) {
        read.steps.push_back({.kind = PatternKind::constant, .value = step, .items = {}});
      }
      inside.replace(target, either(document_type(read), match_.type_of(target.value)));
    } else if (target.kind == WithTarget::Kind::function && target.group != nullptr) {
      inside.replace(target, nullptr);
    }
  }
  with_ = std::move(inside);
  block(s.body);
  with_ = std::move(outside);
}

// What is found out of variables inside stays inside.
void TypeChecker::comprehension(Statement const& s) {
  std::vector<TypeRef> outside = match_.known();
  std::size_t before = faults_.found().size();
  int refs_only = std::exchange(refs_only_, 0);
  block(s.body);
  refs_only_ = refs_only;
  TypeRef item = match_.type_of(s.left);
  TypeRef made;
  if (s.collection == Statement::Collection::object) {
    TypeRef value = match_.type_of(s.steps[0]);
    made = item && value ? object_of({}, item, value) : object_in_part({}, item, value);
  } else {
    // An array of what is not known counts as one without elements, as in OPA.
    bool array = s.collection == Statement::Collection::array;
    made = array ? array_of({}, item) : set_of(item);
  }
  match_.restore(std::move(outside));
  if (faults_.found().size() == before) out(s, Side::Form::comprehension, made);
}

void check_types(Program const& program, Faults& faults) {
  TypeChecker(program, faults).check_all();
}

void check_query_types(PreparedQuery const& query, Faults& faults) {
  TypeChecker(*query.program, faults).check_query(query);
}

}  // namespace aw::rego
