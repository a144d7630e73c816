// SPDX-License-Identifier: Apache-2.0
#include "core/rego/type_match.h"

#include <algorithm>
#include <utility>

namespace aw::rego {
namespace {

using PatternKind = Pattern::Kind;

Pattern constant_part(Value value) {
  Pattern made;
  made.kind = PatternKind::constant;
  made.value = std::move(value);
  return made;
}

// A constant array or object as if it were written with operands in it.
Pattern taken_apart(Pattern const& pattern) {
  if (pattern.kind != PatternKind::constant) return pattern;
  Pattern made;
  if (pattern.value.is(Kind::array)) {
    made.kind = PatternKind::array;
    for (Value const& item : pattern.value.items()) made.items.push_back(constant_part(item));
  } else if (pattern.value.is(Kind::object)) {
    made.kind = PatternKind::object;
    for (Entry const& entry : pattern.value.entries()) {
      made.items.push_back(constant_part(entry.key));
      made.items.push_back(constant_part(entry.value));
    }
  } else {
    return pattern;
  }
  return made;
}

bool is_shape(Side const& side) {
  if (side.form != Side::Form::pattern) return false;
  PatternKind const kind = side.pattern.kind;
  if (kind == PatternKind::array || kind == PatternKind::object) return true;
  return kind == PatternKind::constant &&
         (side.pattern.value.is(Kind::array) || side.pattern.value.is(Kind::object));
}

// What a call gives is held by a variable of its own.
bool is_variable(Side const& side) {
  return side.form == Side::Form::call ||
         (side.form == Side::Form::pattern && side.pattern.kind == PatternKind::var);
}

bool same_operand(Pattern const& a, Pattern const& b) {
  if (a.kind != b.kind) return false;
  return a.kind == PatternKind::constant ? a.value == b.value
                                         : a.kind == PatternKind::var && a.slot == b.slot;
}

Side side_of(Pattern const& pattern) { return {.pattern = pattern, .type = nullptr}; }

}  // namespace

TypeRef TypeMatch::type_of(Pattern const& pattern) const {
  switch (pattern.kind) {
    case PatternKind::none:
      return nullptr;
    case PatternKind::constant:
      return type_of_value(pattern.value);
    case PatternKind::var:
      return slots_[pattern.slot];
    case PatternKind::array: {
      std::vector<TypeRef> first;
      first.reserve(pattern.items.size());
      for (Pattern const& item : pattern.items) first.push_back(type_of(item));
      return array_of(std::move(first), nullptr);
    }
    case PatternKind::set: {
      TypeRef all;
      for (Pattern const& item : pattern.items) all = either(all, type_of(item));
      return set_of(all);
    }
    case PatternKind::object:
      return type_of_object(pattern);
  }
  return nullptr;
}

TypeRef TypeMatch::type_of_object(Pattern const& pattern) const {
  std::vector<Type::Member> members;
  TypeRef key;
  TypeRef rest;
  for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
    TypeRef value = type_of(pattern.items[i + 1]);
    if (pattern.items[i].kind == PatternKind::constant) {
      members.push_back({pattern.items[i].value, std::move(value)});
      continue;
    }
    // Of several computed keys the last one's types count, as in OPA.
    key = type_of(pattern.items[i]);
    rest = std::move(value);
    if (!key || !rest) return object_in_part(std::move(members), key, rest);
  }
  return object_of(std::move(members), key, rest);
}

TypeRef TypeMatch::type_of(Side const& side) const {
  return side.form == Side::Form::pattern ? type_of(side.pattern) : side.type;
}

bool TypeMatch::fit(Side const& side, TypeRef const& type) {
  return side.form == Side::Form::pattern ? fit(side.pattern, type, Grow::no)
                                          : unifies(side.type, type);
}

bool TypeMatch::fit(Pattern const& pattern, TypeRef const& type, Grow grow) {
  switch (pattern.kind) {
    case PatternKind::none:
      return true;
    case PatternKind::constant:
      return value_fits(pattern.value, type);
    case PatternKind::var: {
      TypeRef& slot = slots_[pattern.slot];
      if (slot && grow == Grow::no) return unifies(slot, type);
      slot = either(slot, type);
      return true;
    }
    default:
      break;
  }
  if (!type) return false;
  if (is_anything(type)) {
    for (Pattern const& item : pattern.items) fit(item, any_type(), Grow::yes);
    return true;
  }
  if (type->form == Type::Form::any) {
    bool some = false;
    for (TypeRef const& choice : type->first) some = fit(pattern, choice, Grow::yes) || some;
    return some;
  }
  if (pattern.kind == PatternKind::set) return fit_set(pattern, type, grow);
  return pattern.kind == PatternKind::array ? fit_array(pattern, type, grow)
                                            : fit_object(pattern, type, grow);
}

bool TypeMatch::fit_set(Pattern const& pattern, TypeRef const& type, Grow grow) {
  if (type->form != Type::Form::set) return false;
  return std::ranges::all_of(pattern.items,
                             [&](Pattern const& item) { return fit(item, type->rest, grow); });
}

bool TypeMatch::fit_array(Pattern const& pattern, TypeRef const& type, Grow grow) {
  if (type->form != Type::Form::array) return false;
  if (pattern.items.size() != type->first.size() && !type->rest) return false;
  for (std::size_t i = 0; i < pattern.items.size(); ++i) {
    if (!fit(pattern.items[i], select_at(type, i), grow)) return false;
  }
  return true;
}

bool TypeMatch::fit_object(Pattern const& pattern, TypeRef const& type, Grow grow) {
  if (type->form != Type::Form::object) return false;
  if (pattern.items.size() / 2 != type->members.size() && !type->rest) return false;
  for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
    if (pattern.items[i].kind != PatternKind::constant) {
      fit(pattern.items[i + 1], any_type(), grow);
      continue;
    }
    TypeRef const child = select(type, pattern.items[i].value);
    if (!child || !fit(pattern.items[i + 1], child, grow)) return false;
  }
  return true;
}

bool TypeMatch::fit_argument(Pattern const& pattern, TypeRef const& type) {
  TypeRef const have = type_of(pattern);
  return (is_open(have) || unifies(have, type)) && fit(pattern, type, Grow::no);
}

void TypeMatch::stand_for(Slot slot, Side side) {
  bool const learns = side.form == Side::Form::reference;
  slots_[slot] = learns && is_open(side.type) ? any_type() : side.type;
  sources_.insert_or_assign(slot, std::move(side));
}

Side TypeMatch::seen_through(Side const& side) const {
  if (side.form != Side::Form::pattern || side.pattern.kind != PatternKind::var) return side;
  auto source = sources_.find(side.pattern.slot);
  return source == sources_.end() ? side : source->second;
}

bool TypeMatch::equal(Side const& one, Side const& other) {
  Side const a = seen_through(one);
  Side const b = seen_through(other);
  TypeRef const left = type_of(a);
  TypeRef const right = type_of(b);
  bool const left_open = is_open(left);
  bool const right_open = is_open(right);
  if (left_open && right_open) return equal_unknown(a, b);
  if (left_open) return fit(a, right);
  return right_open ? fit(b, left) : unifies(left, right);
}

bool TypeMatch::equal_unknown(Side const& a, Side const& b) {
  using Form = Side::Form;
  bool const left_var = is_variable(a);
  bool const right_var = is_variable(b);
  if (is_shape(a)) return equal_shape(a, b);
  // Of two variables the one of which nothing is known learns nothing either.
  if (left_var && right_var && type_of(a) && !type_of(b)) return fit(b, any_type());
  if (left_var && right_var) return fit(a, any_type()) && fit(b, type_of(a));
  if (left_var && is_shape(b)) return equal_shape(b, a);
  if (left_var && b.form == Form::reference) return fit(a, any_type());
  if (right_var && a.form == Form::reference) return fit(b, any_type());
  // A variable takes over what is known of a set or a comprehension in part.
  if (left_var && !type_of(a) && type_of(b)) return fit(a, type_of(b));
  if (right_var && !type_of(b) && type_of(a)) return fit(b, type_of(a));
  return false;
}

bool TypeMatch::equal_shape(Side const& shape, Side const& other) {
  if (is_variable(other)) {
    // Neither is known: parts of the shape are anything, and the variable is the shape.
    return fit(shape, any_type()) && fit(other, type_of(shape));
  }
  if (!is_shape(other)) return false;
  Pattern const left = taken_apart(shape.pattern);
  Pattern const right = taken_apart(other.pattern);
  if (left.kind != right.kind) return false;
  return left.kind == PatternKind::array ? equal_arrays(left, right) : equal_objects(left, right);
}

bool TypeMatch::equal_arrays(Pattern const& a, Pattern const& b) {
  if (a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(side_of(a.items[i]), side_of(b.items[i]))) return false;
  }
  return true;
}

// Only keys written out can be found on the other side.
bool TypeMatch::equal_objects(Pattern const& a, Pattern const& b) {
  if (a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i + 1 < a.items.size(); i += 2) {
    bool found = false;
    for (std::size_t j = 0; j + 1 < b.items.size() && !found; j += 2) {
      if (!same_operand(a.items[i], b.items[j])) continue;
      found = true;
      if (!equal(side_of(a.items[i + 1]), side_of(b.items[j + 1]))) return false;
    }
    if (!found) return false;
  }
  return true;
}

bool TypeMatch::is_evaluated(Pattern const& pattern) const {
  auto source = sources_.find(pattern.slot);
  bool const made = pattern.kind == PatternKind::var && source != sources_.end() &&
                    source->second.form != Side::Form::call;
  return made || std::ranges::any_of(pattern.items,
                                     [this](Pattern const& item) { return is_evaluated(item); });
}

void TypeMatch::settle(Pattern const& pattern) {
  bool const shape = pattern.kind == PatternKind::array || pattern.kind == PatternKind::object;
  if (shape && is_open(type_of(pattern)) && is_evaluated(pattern)) {
    fit(pattern, any_type(), Grow::no);
  }
}

void TypeMatch::open_up(Pattern const& pattern) {
  if (pattern.kind == PatternKind::var && !slots_[pattern.slot]) {
    slots_[pattern.slot] = any_type();
  }
  for (Pattern const& item : pattern.items) open_up(item);
}

}  // namespace aw::rego
