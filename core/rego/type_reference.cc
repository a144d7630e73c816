// SPDX-License-Identifier: Apache-2.0
// Where references lead: through values, rules and the documents that both make.
#include <optional>
#include <string>
#include <utility>

#include "core/rego/type_checker.h"

namespace aw::rego {
namespace {

using PatternKind = Pattern::Kind;
using Grow = TypeMatch::Grow;

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

}  // namespace

void TypeChecker::reference(Statement const& s) {
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
std::optional<TypeRef> TypeChecker::reference_type(Statement const& s) {
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

TypeRef TypeChecker::document_type(Statement const& s) {
  TypeMatch const known = match_;
  std::optional<TypeRef> type = reference_type(s);
  match_ = known;
  return type ? *type : nullptr;
}

// A query's places are in its own text.
std::string_view TypeChecker::text_at(Place const& place) const {
  if (query_ == nullptr) return program_.text(place);
  std::string_view all = query_->sources.front().text;
  bool inside = place.offset <= place.end && place.end <= all.size();
  return inside ? all.substr(place.offset, place.end - place.offset) : all;
}

// As far as constant steps lead down the tree of rules.
TypeRef TypeChecker::document(Statement const& s, std::size_t& at) {
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
TypeRef TypeChecker::extent(RuleNode const& node) {
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
std::optional<TypeRef> TypeChecker::step(TypeRef const& type, Pattern const& pattern) {
  bool constant = pattern.kind == PatternKind::constant;
  bool scalar = constant && pattern.value.kind() < Kind::array;
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

}  // namespace aw::rego
