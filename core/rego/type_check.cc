// SPDX-License-Identifier: Apache-2.0
#include "core/rego/type_check.h"

#include <algorithm>
#include <utility>

#include "core/rego/types.h"

namespace aw::rego {
namespace {

using PatternKind = Pattern::Kind;
enum class Union { no, yes };  // yes: a variable's type grows by what is found

// What is known of each group; a function's arguments beside its result.
struct GroupTypes {
  bool known = false;
  std::vector<TypeRef> arguments;
  TypeRef value;
};

// The reference at the start of an expression's text.
std::string_view reference_text(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (depth < 0 || (depth == 0 && std::string_view(" \t\n=!<>").contains(c))) {
      return text.substr(0, i);
    }
  }
  return text;
}

class TypeChecker {
 public:
  TypeChecker(Program const& program, Faults& faults)
      : program_(program), faults_(faults), groups_(program.groups.size()) {}

  void check_all() {
    for (auto const& group : program_.groups) (void)types_of(*group);
  }

  void check_query(PreparedQuery const& query) {
    slots_.assign(query.plan.slots, nullptr);
    query_ = &query;
    block(query.plan.body);
  }

 private:
  // Groups, each after those it needs: they are asked for, and there are no cycles.
  GroupTypes const& types_of(Group const& group) {
    GroupTypes& known = groups_[group.id];
    if (known.known) return known;
    // Rules that follow each other a thousand deep cost a stack frame each: beyond this nothing is
    // known of the next one, which has its own turn.
    constexpr int kMostRulesDeep = 200;
    if (rules_deep_ >= kMostRulesDeep) return unknown_;
    ++rules_deep_;
    known.known = true;
    GroupTypes made;
    made.known = true;
    made.arguments.resize(group.arity);
    std::vector<TypeRef> outer = std::move(slots_);
    PreparedQuery const* query = std::exchange(query_, nullptr);
    int inside = std::exchange(replaced_, 0);
    int inside_functions = std::exchange(replaced_functions_, 0);
    for (RulePlan const& rule : group.rules) rule_types(group, rule, made);
    if (group.fallback) rule_types(group, *group.fallback, made);
    slots_ = std::move(outer);
    query_ = query;
    replaced_ = inside;
    replaced_functions_ = inside_functions;
    if (!made.value) made.value = any_type();
    groups_[group.id] = std::move(made);
    --rules_deep_;
    return groups_[group.id];
  }

  void rule_types(Group const& group, RulePlan const& rule, GroupTypes& made) {
    for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
      slots_.assign(at->slots, nullptr);
      std::size_t before = faults_.found().size();
      block(at->body);
      // A rule with a fault says nothing of its type, so that one fault is not told twice.
      bool sound = faults_.found().size() == before;
      for (std::size_t i = 0; i < at->args.size() && i < made.arguments.size(); ++i) {
        TypeRef type = sound ? known_or_any(type_of(at->args[i])) : any_type();
        made.arguments[i] = either(made.arguments[i], type);
      }
      made.value = either(made.value, sound ? head_type(group, *at) : any_type());
    }
  }

  TypeRef head_type(Group const& group, RulePlan const& rule) {
    bool set = rule.multi_value;
    TypeRef type = known_or_any(type_of(set ? rule.key : rule.value));
    if (set) type = set_of(type);
    for (std::size_t i = rule.suffix.size(); i > 0; --i) {
      type = object_of({}, known_or_any(type_of(rule.suffix[i - 1])), type);
    }
    (void)group;
    return type;
  }

  static TypeRef known_or_any(TypeRef type) { return type ? type : any_type(); }

  // What is known of a pattern; null when some variable in it is not known yet.
  TypeRef type_of(Pattern const& pattern) {
    switch (pattern.kind) {
      case PatternKind::none:
        return nullptr;
      case PatternKind::constant:
        return type_of_value(pattern.value);
      case PatternKind::var:
        return slots_[pattern.slot];
      case PatternKind::array: {
        std::vector<TypeRef> first;
        for (Pattern const& item : pattern.items) first.push_back(type_of(item));
        if (std::ranges::find(first, nullptr) != first.end()) return nullptr;
        return array_of(std::move(first), nullptr);
      }
      case PatternKind::set: {
        TypeRef all;
        for (Pattern const& item : pattern.items) {
          TypeRef one = type_of(item);
          if (!one) return nullptr;
          all = either(all, one);
        }
        return set_of(all);
      }
      case PatternKind::object:
        return type_of_object(pattern);
    }
    return nullptr;
  }

  TypeRef type_of_object(Pattern const& pattern) {
    std::vector<Type::Member> members;
    TypeRef key;
    TypeRef rest;
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      TypeRef value = type_of(pattern.items[i + 1]);
      if (!value) return nullptr;
      if (pattern.items[i].kind == PatternKind::constant) {
        members.push_back({pattern.items[i].value, value});
        continue;
      }
      key = either(key, known_or_any(type_of(pattern.items[i])));
      rest = either(rest, value);
    }
    return object_of(std::move(members), key, rest);
  }

  // Holds a pattern against a type; variables not known yet become known by it.
  bool fit(Pattern const& pattern, TypeRef const& type, Union grow) {
    switch (pattern.kind) {
      case PatternKind::none:
        return true;
      case PatternKind::constant:
        return value_fits(pattern.value, type);
      case PatternKind::var: {
        TypeRef& slot = slots_[pattern.slot];
        if (slot && grow == Union::no) return unifies(slot, type);
        slot = either(slot, type);
        return true;
      }
      default:
        break;
    }
    if (is_anything(type)) {
      for (Pattern const& item : pattern.items) fit(item, any_type(), Union::yes);
      return true;
    }
    if (type->form == Type::Form::any) {
      bool some = false;
      for (TypeRef const& choice : type->first) some = fit(pattern, choice, Union::yes) || some;
      return some;
    }
    return fit_composite(pattern, type, grow);
  }

  bool fit_composite(Pattern const& pattern, TypeRef const& type, Union grow) {
    if (pattern.kind == PatternKind::set) {
      if (type->form != Type::Form::set) return false;
      TypeRef member = values_of(type);
      return std::ranges::all_of(pattern.items,
                                 [&](Pattern const& item) { return fit(item, member, grow); });
    }
    if (pattern.kind == PatternKind::array) {
      if (type->form != Type::Form::array) return false;
      if (pattern.items.size() != type->first.size() && !type->rest) return false;
      for (std::size_t i = 0; i < pattern.items.size(); ++i) {
        TypeRef item = select_at(type, i);
        if (!item || !fit(pattern.items[i], item, grow)) return false;
      }
      return true;
    }
    if (type->form != Type::Form::object) return false;
    if (pattern.items.size() / 2 != type->members.size() && !type->rest) return false;
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      if (pattern.items[i].kind != PatternKind::constant) {
        fit(pattern.items[i + 1], any_type(), grow);
        continue;
      }
      TypeRef child = select(type, pattern.items[i].value);
      if (!child || !fit(pattern.items[i + 1], child, grow)) return false;
    }
    return true;
  }

  // What a variable learns from another's or a reference's type: nothing, as in OPA, where an empty
  // set is part of it.
  static TypeRef learned(TypeRef const& type) { return holds_empty_set(type) ? any_type() : type; }

  void unify(Pattern const& left, Pattern const& right, Place const& place) {
    TypeRef a = type_of(left);
    TypeRef b = type_of(right);
    bool ok = true;
    if (a && b) {
      ok = unifies(a, b);
    } else if (a) {
      ok = fit(right, left.kind == PatternKind::var ? learned(a) : a, Union::no);
    } else if (b) {
      ok = fit(left, right.kind == PatternKind::var ? learned(b) : b, Union::no);
    } else {
      ok = unify_unknown(left, right);
    }
    if (!ok) match_error(place, a, b);
  }

  bool unify_unknown(Pattern const& left, Pattern const& right) {
    bool both = left.kind == right.kind && left.kind == PatternKind::array &&
                left.items.size() == right.items.size();
    if (!both) {
      bool shapes = left.kind != PatternKind::var && right.kind != PatternKind::var &&
                    left.kind != right.kind && left.kind != PatternKind::none &&
                    right.kind != PatternKind::none;
      return fit(left, any_type(), Union::yes) && fit(right, any_type(), Union::yes) && !shapes;
    }
    for (std::size_t i = 0; i < left.items.size(); ++i) {
      TypeRef a = type_of(left.items[i]);
      TypeRef b = type_of(right.items[i]);
      bool ok = a && b ? unifies(a, b)
                : a    ? fit(right.items[i], a, Union::no)
                : b    ? fit(left.items[i], b, Union::no)
                       : unify_unknown(left.items[i], right.items[i]);
      if (!ok) return false;
    }
    return true;
  }

  void match_error(Place const& place, TypeRef const& left, TypeRef const& right) {
    faults_.add("rego_type_error", place, "match error",
                "left: " + type_text(left) + ", right: " + type_text(right));
  }

  void out(Statement const& s, TypeRef const& type) {
    if (s.out.kind == PatternKind::none) return;
    TypeRef have = type_of(s.out);
    bool ok = have ? unifies(have, type) : fit(s.out, learned(type), Union::no);
    if (!ok) match_error(s.place, have, type);
  }

  void block(Block const& statements) {
    for (Statement const& s : statements) statement(s);
  }

  void statement(Statement const& s) {
    switch (s.kind) {
      case Statement::Kind::unify:
        if (s.out.kind == PatternKind::none) break;
        return unify(s.left, s.out, s.place);
      case Statement::Kind::ref:
        return reference(s);
      case Statement::Kind::call:
        return call(s);
      case Statement::Kind::comprehension:
        return comprehension(s);
      case Statement::Kind::with:
        return with(s);
      case Statement::Kind::negation:
        if (s.implicit) block(s.body);
        return;
      // OPA does not look into these; a policy that it takes must not be refused here.
      case Statement::Kind::every:
      case Statement::Kind::conjunction:
      case Statement::Kind::disjunction:
      case Statement::Kind::fail:
        break;
    }
  }

  // Where data, or functions, are replaced, nothing is known of what depends on them.
  void with(Statement const& s) {
    auto has = [&](WithTarget::Kind kind) {
      return std::ranges::any_of(s.targets, [&](WithTarget const& t) { return t.kind == kind; });
    };
    int functions = has(WithTarget::Kind::function) ? 1 : 0;
    int documents = functions + (has(WithTarget::Kind::data) ? 1 : 0);
    replaced_ += documents;
    replaced_functions_ += functions;
    block(s.body);
    replaced_ -= documents;
    replaced_functions_ -= functions;
  }

  // What is found out of variables inside stays inside.
  void comprehension(Statement const& s) {
    std::vector<TypeRef> outside = slots_;
    block(s.body);
    TypeRef item = type_of(s.left);
    // OPA takes an array of what it does not know for one without elements.
    bool array = s.collection == Statement::Collection::array;
    if (!array) item = known_or_any(item);
    TypeRef made = array ? array_of({}, item)
                   : s.collection == Statement::Collection::set
                       ? set_of(item)
                       : object_of({}, item, known_or_any(type_of(s.steps[0])));
    slots_ = std::move(outside);
    out(s, made);
  }

  void call(Statement const& s) {
    if (s.builtin != nullptr) return call_builtin(s);
    GroupTypes const types = replaced_ > 0 ? GroupTypes{} : types_of(*s.group);
    if (replaced_ > 0) return out(s, any_type());
    if (arguments(s, s.group->path, types.arguments)) out(s, types.value);
  }

  void call_builtin(Statement const& s) {
    bool member = s.builtin->name == "internal.member_2" || s.builtin->name == "internal.member_3";
    if (member && !membership(s)) return;
    auto signature = replaced_functions_ > 0 ? std::nullopt : builtin_signature(s.builtin->name);
    if (!signature) {
      for (Pattern const& step : s.steps) fit(step, any_type(), Union::yes);
      return out(s, any_type());
    }
    if (arguments(s, s.builtin->name, signature->arguments)) out(s, signature->result);
  }

  bool arguments(Statement const& s, std::string_view name, std::vector<TypeRef> const& wanted) {
    for (std::size_t i = 0; i < s.steps.size() && i < wanted.size(); ++i) {
      TypeRef have = type_of(s.steps[i]);
      bool ok = (!have || unifies(have, wanted[i])) && fit(s.steps[i], wanted[i], Union::no);
      if (ok) continue;
      std::string shown;
      for (Pattern const& step : s.steps) {
        shown += (shown.empty() ? "" : ", ") + type_text(type_of(step));
      }
      std::string expected;
      for (TypeRef const& type : wanted) {
        expected += (expected.empty() ? "" : ", ") + type_text(type);
      }
      faults_.add("rego_type_error", s.place, std::string(name) + ": invalid argument(s)",
                  "have: (" + shown + "), want: (" + expected + ")");
      return false;
    }
    return true;
  }

  // What may be in a collection depends on the collection's own type.
  bool membership(Statement const& s) {
    TypeRef collection = type_of(s.steps.back());
    TypeRef values = collection ? values_of(collection) : nullptr;
    if (!values || is_empty_collection(collection)) return true;
    bool ok = true;
    if (s.steps.size() == 3) ok = fits_member(s.steps[0], keys_of(collection));
    ok = ok && fits_member(s.steps[s.steps.size() - 2], values);
    if (!ok) match_error(s.place, type_of(s.steps[s.steps.size() - 2]), values);
    return ok;
  }

  bool fits_member(Pattern const& pattern, TypeRef const& type) {
    if (!type) return true;
    TypeRef have = type_of(pattern);
    return (!have || unifies(have, type)) && fit(pattern, type, Union::no);
  }

  void reference(Statement const& s) {
    TypeRef type;
    std::size_t at = 0;
    if (s.root == Statement::Root::slot) {
      type = known_or_any(slots_[s.slot]);
    } else if (s.root == Statement::Root::data && replaced_ == 0) {
      type = document(s, at);
    } else {
      type = any_type();
    }
    for (; at < s.steps.size(); ++at) {
      type = step(type, s.steps[at]);
      if (type) continue;
      std::string text(reference_text(text_at(s.place)));
      faults_.add("rego_type_error", s.place, "undefined ref: " + text);
      return;
    }
    out(s, type);
  }

  // A query's places are in its own text.
  [[nodiscard]] std::string_view text_at(Place const& place) const {
    if (query_ == nullptr) return program_.text(place);
    std::string_view all = query_->sources.front().text;
    bool inside = place.offset <= place.end && place.end <= all.size();
    return inside ? all.substr(place.offset, place.end - place.offset) : all;
  }

  // As far as constant steps lead down the tree of rules.
  TypeRef document(Statement const& s, std::size_t& at) {
    RuleNode const* node = &program_.root;
    while (node->group == nullptr && at < s.steps.size() &&
           s.steps[at].kind == PatternKind::constant && s.steps[at].value.is(Kind::string)) {
      RuleNode const* child = node->child(s.steps[at].value.as_string());
      if (child == nullptr) return any_type();
      node = child;
      ++at;
    }
    if (node->group == nullptr) return any_type();
    if (node->group->kind == GroupKind::function) {
      faults_.add("rego_type_error", s.place,
                  "function " + node->group->path + " used as reference, not called");
      return any_type();
    }
    return types_of(*node->group).value;
  }

  TypeRef step(TypeRef const& type, Pattern const& pattern) {
    TypeRef keys = keys_of(type);
    if (!keys) return nullptr;
    bool constant = pattern.kind == PatternKind::constant;
    bool scalar = constant && pattern.value.items().empty() && pattern.value.entries().empty();
    if (is_empty_collection(type)) {
      if (scalar) return nullptr;
      fit(pattern, any_type(), Union::no);
      return any_type();
    }
    if (scalar) return select(type, pattern.value);
    if (!fit(pattern, keys, Union::no)) return nullptr;
    return values_of(type);
  }

  Program const& program_;
  Faults& faults_;
  PreparedQuery const* query_ = nullptr;  // while its own statements are looked at
  std::vector<GroupTypes> groups_;
  GroupTypes const unknown_{.known = true, .value = any_type()};
  int rules_deep_ = 0;
  std::vector<TypeRef> slots_;
  int replaced_ = 0;            // inside so many `with` that replace data or functions
  int replaced_functions_ = 0;  // … functions
};

}  // namespace

void check_types(Program const& program, Faults& faults) {
  TypeChecker(program, faults).check_all();
}

void check_query_types(PreparedQuery const& query, Faults& faults) {
  TypeChecker(*query.program, faults).check_query(query);
}

}  // namespace aw::rego
