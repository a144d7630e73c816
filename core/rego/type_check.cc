// SPDX-License-Identifier: Apache-2.0
#include "core/rego/type_check.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/rego/metadata.h"
#include "core/rego/type_match.h"
#include "core/rego/type_with.h"
#include "core/rego/types.h"

namespace aw::rego {
namespace {

using PatternKind = Pattern::Kind;
using Grow = TypeMatch::Grow;

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
      : program_(program), faults_(faults), groups_(program.groups.size()), with_(program) {}

  void check_all() {
    for (auto const& group : program_.groups) (void)types_of(*group);
  }

  void check_query(PreparedQuery const& query) {
    match_.reset(query.plan.slots);
    query_ = &query;
    names(query.plan);
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

  void rule_types(Group const& group, RulePlan const& rule, GroupTypes& made) {
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
  TypeRef head_type(RulePlan const& rule) {
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

  void names(RulePlan const& plan) {
    named_.assign(plan.slots, false);
    for (auto const& [name, slot] : plan.names) named_[slot] = true;
  }

  void match_error(Place const& place, TypeRef const& left, TypeRef const& right) {
    faults_.add("rego_type_error", place, "match error",
                "left: " + type_text(left) + ", right: " + type_text(right));
  }

  void equal(Side const& left, Side const& right, Place const& place) {
    if (match_.equal(left, right)) return;
    auto type = [&](Side const& side) {
      return side.form == Side::Form::pattern ? match_.type_of(side.pattern) : side.type;
    };
    match_error(place, type(left), type(right));
  }

  // What a reference, a comprehension or a call gives, held against what is wanted: a slot without
  // a name stands for it.
  void out(Statement const& s, Side::Form form, TypeRef const& type) {
    if (s.out.kind == PatternKind::none || refs_only_ > 0) return;
    Side side = {.form = form, .pattern = {}, .type = type};
    bool const fresh = s.out.kind == PatternKind::var && !named_[s.out.slot];
    if (fresh && !match_.at(s.out.slot)) return match_.stand_for(s.out.slot, std::move(side));
    equal({.form = Side::Form::pattern, .pattern = s.out, .type = nullptr}, side, s.place);
  }

  void block(Block const& statements) {
    for (Statement const& s : statements) statement(s);
  }

  void statement(Statement const& s) {
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
  bool scalar_gone_through(Statement const& s) {
    bool const swapped = s.left.kind == PatternKind::constant;
    Pattern const& held = swapped ? s.out : s.left;
    Pattern const& value = swapped ? s.left : s.out;
    bool const scalar = value.kind == PatternKind::constant && value.value.kind() < Kind::array;
    if (!s.gone_through || !scalar || held.kind != PatternKind::var) return false;
    match_.at(held.slot) = any_type();
    return true;
  }

  void closure(Statement const& s) {
    ++refs_only_;
    block(s.body);
    block(s.other);
    --refs_only_;
  }

  // Documents that are replaced have other types inside, and nothing is known of what depends on
  // them.
  void with(Statement const& s) {
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
  void comprehension(Statement const& s) {
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

  void call(Statement const& s) {
    if (s.builtin != nullptr) return call_builtin(s);
    if (with_.relaxed(*s.group)) return out(s, Side::Form::call, any_type());
    GroupTypes const types = types_of(*s.group);
    if (arguments(s, s.group->path, types.arguments)) out(s, Side::Form::call, types.value);
  }

  void call_builtin(Statement const& s) {
    bool member = s.builtin->name == "internal.member_2" || s.builtin->name == "internal.member_3";
    if (member && !membership(s)) return;
    auto signature = builtin_signature(s.builtin->name);
    if (!signature) {
      for (Pattern const& step : s.steps) match_.fit(step, any_type(), Grow::yes);
      return out(s, Side::Form::call, any_type());
    }
    if (arguments(s, s.builtin->name, signature->arguments))
      out(s, Side::Form::call, result_type(*s.builtin, signature->result));
  }

  // What a rule's annotations hold is known; of all else only what the signature says.
  [[nodiscard]] TypeRef result_type(Builtin const& builtin, TypeRef const& said) const {
    if (rule_ == nullptr || !builtin.name.starts_with("rego.metadata.")) return said;
    Metadata const known = metadata_of(program_, *rule_);
    return type_of_value(builtin.name == "rego.metadata.rule" ? known.rule : known.chain);
  }

  bool arguments(Statement const& s, std::string_view name, std::vector<TypeRef> const& wanted) {
    for (std::size_t i = 0; i < s.steps.size() && i < wanted.size(); ++i) {
      if (match_.fit_argument(s.steps[i], wanted[i])) continue;
      std::string shown;
      for (Pattern const& step : s.steps) {
        shown += (shown.empty() ? "" : ", ") + type_text(match_.type_of(step));
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
    TypeRef collection = match_.type_of(s.steps.back());
    TypeRef values = collection ? values_of(collection) : nullptr;
    if (!values) return true;
    Pattern const& member = s.steps[s.steps.size() - 2];
    bool ok = s.steps.size() < 3 || fits_member(s.steps[0], keys_of(collection));
    ok = ok && fits_member(member, values);
    if (!ok) match_error(s.place, match_.type_of(member), values);
    return ok;
  }

  bool fits_member(Pattern const& pattern, TypeRef const& type) {
    return is_open(type) || match_.fit_argument(pattern, type);
  }

  void reference(Statement const& s) {
    std::optional<TypeRef> type = reference_type(s);
    if (!type) {
      std::string text(reference_text(text_at(s.place)));
      faults_.add("rego_type_error", s.place, "undefined ref: " + text);
      return;
    }
    if (s.called && *type && !is_anything(*type)) {
      faults_.add("rego_type_error", s.place, "undefined function " + s.node->group->path, "",
                  Code::policy_unsupported);
      return;
    }
    // `some … in` goes through the collection itself: no variable stands between.
    out(s, s.gone_through ? Side::Form::call : Side::Form::reference, *type);
  }

  // Nothing when the reference leads nowhere.
  std::optional<TypeRef> reference_type(Statement const& s) {
    TypeRef type = any_type();
    std::size_t at = 0;
    if (s.root == Statement::Root::slot) {
      if (!match_.at(s.slot)) match_.at(s.slot) = any_type();
      type = match_.at(s.slot);
    } else if (s.root == Statement::Root::data) {
      type = document(s, at);
    }
    for (; at < s.steps.size(); ++at) {
      std::optional<TypeRef> next = type ? step(type, s.steps[at]) : std::nullopt;
      if (!next) return std::nullopt;
      type = *next;
    }
    return type;
  }

  TypeRef document_type(Statement const& s) {
    TypeMatch const known = match_;
    std::optional<TypeRef> type = reference_type(s);
    match_ = known;
    return type ? *type : nullptr;
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
      if (TypeRef replaced = with_.type_at(*node)) return replaced;
    }
    bool const named = at < s.steps.size() && s.steps[at].kind == PatternKind::constant;
    if (node->group == nullptr) return named ? any_type() : extent(*node);
    if (with_.relaxed(*node->group)) return any_type();
    if (node->group->kind == GroupKind::function) {
      faults_.add("rego_type_error", s.place,
                  "function " + node->group->path + " used as reference, not called");
      return any_type();
    }
    return types_of(*node->group).value;
  }

  // Of all that lies below a node which is no rule's: its rules, and data that nobody knows.
  TypeRef extent(RuleNode const& node) {
    constexpr std::size_t kMostChildren = 64;
    if (node.children.size() > kMostChildren || node.package) return any_type();
    std::vector<Type::Member> members;
    for (auto const& [name, child] : node.children) {
      TypeRef type = with_.type_at(*child);
      Group const* group = child->group;
      if (!type && group == nullptr) type = extent(*child);
      if (!type && group->kind == GroupKind::function) continue;
      if (!type) type = with_.relaxed(*group) ? any_type() : types_of(*group).value;
      members.push_back({Value::string(name), std::move(type)});
    }
    return object_of(std::move(members), type_of_kind(Kind::string), any_type());
  }

  // Nothing: nowhere. Null: it is not known where.
  std::optional<TypeRef> step(TypeRef const& type, Pattern const& pattern) {
    bool constant = pattern.kind == PatternKind::constant;
    bool scalar = constant && pattern.value.items().empty() && pattern.value.entries().empty();
    TypeRef keys = keys_of(type);
    if (is_empty_collection(type)) {
      if (scalar) return std::nullopt;
      // Nothing is in it, which is no fault; but only numbers go through an array.
      bool var = pattern.kind == PatternKind::var;
      if (var && !match_.at(pattern.slot)) match_.at(pattern.slot) = any_type();
      if (var && keys && !unifies(match_.at(pattern.slot), keys)) return std::nullopt;
      return any_type();
    }
    if (!keys) return std::nullopt;
    if (scalar) {
      TypeRef found = select(type, pattern.value);
      return found ? std::optional(found) : std::nullopt;
    }
    if (!match_.fit(pattern, keys, Grow::no)) return std::nullopt;
    return values_of(type);
  }

  Program const& program_;
  Faults& faults_;
  RulePlan const* rule_ = nullptr;        // that is looked at
  PreparedQuery const* query_ = nullptr;  // while its own statements are looked at
  std::vector<GroupTypes> groups_;
  GroupTypes const unknown_{.known = true, .value = any_type()};
  int rules_deep_ = 0;
  TypeMatch match_;
  std::vector<bool> named_;  // slots that the author gave a name
  TypesWith with_;
  int refs_only_ = 0;  // inside so many closures of which only references count
};

}  // namespace

void check_types(Program const& program, Faults& faults) {
  TypeChecker(program, faults).check_all();
}

void check_query_types(PreparedQuery const& query, Faults& faults) {
  TypeChecker(*query.program, faults).check_query(query);
}

}  // namespace aw::rego
