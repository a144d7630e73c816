// SPDX-License-Identifier: Apache-2.0
#include "core/rego/types.h"

#include <algorithm>

namespace aw::rego {
namespace {

using Form = Type::Form;
constexpr std::size_t kMostChoices = 24;
constexpr std::size_t kMostMembers = 256;  // of a constant: beyond, its parts are not looked at

TypeRef make_type(Type type) { return std::make_shared<const Type>(std::move(type)); }

template <class Each>
TypeRef fold(std::span<const TypeRef> types, Each each) {
  TypeRef all;
  for (TypeRef const& type : types) {
    if (TypeRef one = each(type)) all = either(all, one);
  }
  return all;
}

bool same_members(Type const& a, Type const& b) {
  return std::ranges::equal(a.members, b.members, [](Type::Member const& x, Type::Member const& y) {
    return x.key == y.key && same_type(x.value, y.value);
  });
}

// Each known element of `a` fits the one of `b`.
bool arrays_fit(TypeRef const& a, TypeRef const& b) {
  for (std::size_t i = 0; i < a->first.size(); ++i) {
    if (!unifies(a->first[i], select_at(b, i))) return false;
  }
  return true;
}

// Each known member of `a` fits the one of `b`; where that has none, either may have further
// members.
bool objects_fit(TypeRef const& a, TypeRef const& b) {
  return std::ranges::all_of(a->members, [&](Type::Member const& member) {
    TypeRef other = select(b, member.key);
    return other ? unifies(member.value, other) : a->rest || b->rest;
  });
}

bool rests_fit(TypeRef const& a, TypeRef const& b) {
  return !a->rest || !b->rest || unifies(a->rest, b->rest);
}

bool is_choice(TypeRef const& type) { return type->form == Form::any; }

// Is `one` all of `all`, or one of its choices?
bool contains(TypeRef const& all, TypeRef const& one) {
  if (!all) return false;
  if (!is_choice(all)) return same_type(all, one);
  return all->first.empty() || std::ranges::any_of(all->first, [&](TypeRef const& choice) {
           return same_type(choice, one);
         });
}

// An object of which no member is known by name.
bool is_plain_object(TypeRef const& type) {
  return type->form == Form::object && type->members.empty();
}

TypeRef merged_objects(TypeRef const& a, TypeRef const& b) {
  if (!a->rest) return b;
  if (!b->rest) return a;
  return object_of({}, either(a->key, b->key), merged(a->rest, b->rest));
}

// What the object may hold besides goes into the object among the choices; null: there is none.
TypeRef merged_choice(TypeRef const& choice, TypeRef const& object) {
  Type all = *choice;
  for (TypeRef& one : all.first) {
    if (!is_plain_object(one) || !one->rest) continue;
    one = object_of({}, either(one->key, object->key), either(one->rest, object->rest));
    return make_type(std::move(all));
  }
  return nullptr;
}

bool choice_fits(TypeRef const& choice, TypeRef const& other) {
  return choice->first.empty() || std::ranges::any_of(choice->first, [&](TypeRef const& one) {
           return unifies(one, other);
         });
}

std::string list_text(std::span<const TypeRef> types) {
  std::string out;
  for (TypeRef const& type : types) out += (out.empty() ? "" : ", ") + type_text(type);
  return out;
}

}  // namespace

TypeRef any_type() {
  static TypeRef const type = make_type({});
  return type;
}

TypeRef type_of_kind(Kind kind) {
  static TypeRef const null = make_type({.form = Form::null});
  static TypeRef const boolean = make_type({.form = Form::boolean});
  static TypeRef const number = make_type({.form = Form::number});
  static TypeRef const string = make_type({.form = Form::string});
  switch (kind) {
    case Kind::null:
      return null;
    case Kind::boolean:
      return boolean;
    case Kind::number:
      return number;
    case Kind::string:
      return string;
    default:
      return any_type();
  }
}

TypeRef array_of(std::vector<TypeRef> first, TypeRef rest) {
  return make_type({.form = Form::array, .first = std::move(first), .rest = std::move(rest)});
}

TypeRef object_of(std::vector<Type::Member> members, TypeRef key, TypeRef rest) {
  std::ranges::sort(members, [](Type::Member const& a, Type::Member const& b) {
    return compare(a.key, b.key) < 0;
  });
  return make_type({.form = Form::object,
                    .members = std::move(members),
                    .key = std::move(key),
                    .rest = std::move(rest)});
}

TypeRef object_in_part(std::vector<Type::Member> members, TypeRef key, TypeRef rest) {
  Type type = *object_of(std::move(members), std::move(key), std::move(rest));
  type.open = true;
  return make_type(std::move(type));
}

TypeRef set_of(TypeRef member) { return make_type({.form = Form::set, .rest = std::move(member)}); }

TypeRef type_of_value(Value const& value) {
  bool large = value.size() > kMostMembers;
  switch (value.kind()) {
    case Kind::array: {
      if (large) return array_of({}, any_type());
      std::vector<TypeRef> first;
      for (Value const& item : value.items()) first.push_back(type_of_value(item));
      return array_of(std::move(first), nullptr);
    }
    case Kind::object: {
      if (large) return object_of({}, any_type(), any_type());
      std::vector<Type::Member> members;
      for (Entry const& entry : value.entries()) {
        members.push_back({entry.key, type_of_value(entry.value)});
      }
      return object_of(std::move(members), nullptr, nullptr);
    }
    case Kind::set: {
      if (large) return set_of(any_type());
      TypeRef all;
      for (Value const& item : value.items()) all = either(all, type_of_value(item));
      return set_of(all);
    }
    default:
      return type_of_kind(value.kind());
  }
}

TypeRef either(TypeRef const& a, TypeRef const& b) {
  if (!a) return b;
  if (!b || same_type(a, b)) return a;
  if (is_anything(a) || is_anything(b)) return any_type();
  Type all;
  for (TypeRef const& side : {a, b}) {
    std::span<const TypeRef> choices(&side, 1);
    if (is_choice(side)) choices = side->first;
    for (TypeRef const& one : choices) {
      bool known = std::ranges::any_of(all.first,
                                       [&](TypeRef const& other) { return same_type(one, other); });
      if (!known) all.first.push_back(one);
    }
  }
  return all.first.size() > kMostChoices ? any_type() : make_type(std::move(all));
}

bool is_anything(TypeRef const& type) { return type && is_choice(type) && type->first.empty(); }

bool is_empty_collection(TypeRef const& type) {
  bool collection =
      type && (type->form == Form::array || type->form == Form::object || type->form == Form::set);
  return collection && type->first.empty() && type->members.empty() && !type->rest;
}

bool is_open(TypeRef const& type) {
  if (!type) return true;
  switch (type->form) {
    case Form::set:
      return is_open(type->rest);
    case Form::array:
      return std::ranges::any_of(type->first, is_open) || (type->rest && is_open(type->rest));
    case Form::object:
      return type->open || std::ranges::any_of(type->members, is_open, &Type::Member::value) ||
             (type->rest && (is_open(type->key) || is_open(type->rest)));
    default:
      return false;
  }
}

TypeRef merged(TypeRef const& a, TypeRef const& b) {
  if (!a) return b;
  if (!b) return a;
  if (a->form == Form::set && b->form == Form::set) return set_of(either(a->rest, b->rest));
  if (is_plain_object(a) && is_plain_object(b)) return merged_objects(a, b);
  if (is_choice(a) && is_plain_object(b) && b->rest) {
    if (TypeRef all = merged_choice(a, b)) return all;
  }
  if (is_choice(b) && is_plain_object(a) && a->rest) {
    if (TypeRef all = merged_choice(b, a)) return all;
  }
  return either(a, b);
}

bool same_type(TypeRef const& a, TypeRef const& b) {
  if (a == b) return true;
  if (!a || !b || a->form != b->form) return false;
  return a->open == b->open && std::ranges::equal(a->first, b->first, same_type) &&
         same_members(*a, *b) && same_type(a->key, b->key) && same_type(a->rest, b->rest);
}

bool unifies(TypeRef const& a, TypeRef const& b) {
  if (!a || !b) return false;
  if (is_choice(a) && choice_fits(a, b)) return true;
  if (is_choice(b) && choice_fits(b, a)) return true;
  if (is_choice(a) || is_choice(b) || a->form != b->form) return false;
  switch (a->form) {
    case Form::array:
      return arrays_fit(a, b) && arrays_fit(b, a) && rests_fit(a, b);
    case Form::object:
      return objects_fit(a, b) && objects_fit(b, a) && rests_fit(a, b);
    case Form::set:
      return rests_fit(a, b);
    default:
      return true;
  }
}

TypeRef keys_of(TypeRef const& type) {
  switch (type->form) {
    case Form::array:
      return type_of_kind(Kind::number);
    case Form::set:
      return type->rest;
    case Form::object: {
      TypeRef all = type->key;
      for (Type::Member const& member : type->members) all = either(all, type_of_value(member.key));
      return all;
    }
    case Form::any:
      return type->first.empty() ? any_type() : fold(type->first, keys_of);
    default:
      return nullptr;
  }
}

TypeRef values_of(TypeRef const& type) {
  switch (type->form) {
    case Form::array: {
      TypeRef all = fold(type->first, [](TypeRef const& one) { return one; });
      return either(all, type->rest);
    }
    case Form::set:
      return type->rest;
    case Form::object: {
      TypeRef all = type->rest;
      for (Type::Member const& member : type->members) all = either(all, member.value);
      return all;
    }
    case Form::any:
      return type->first.empty() ? any_type() : fold(type->first, values_of);
    default:
      return nullptr;
  }
}

TypeRef select_at(TypeRef const& array, std::size_t i) {
  return i < array->first.size() ? array->first[i] : array->rest;
}

TypeRef select(TypeRef const& type, Value const& key) {
  switch (type->form) {
    case Form::array: {
      auto index = key.as_int();
      if (!index || *index < 0) return nullptr;
      return select_at(type, static_cast<std::size_t>(*index));
    }
    case Form::set: {
      TypeRef const member = type_of_value(key);
      return contains(type->rest, member) ? member : nullptr;
    }
    case Form::object:
      for (Type::Member const& member : type->members) {
        if (member.key == key) return member.value;
      }
      return type->rest && contains(type->key, type_of_value(key)) ? type->rest : nullptr;
    case Form::any:
      if (type->first.empty()) return any_type();
      return fold(type->first, [&](TypeRef const& one) { return select(one, key); });
    default:
      return nullptr;
  }
}

std::string type_text(TypeRef const& type) {
  if (!type) return "???";
  constexpr std::string_view kNames[] = {"null",  "boolean", "number", "string",
                                         "array", "object",  "set",    "any"};
  std::string out(kNames[static_cast<std::size_t>(type->form)]);
  std::string inner = list_text(type->first);
  if (type->form == Form::any) return inner.empty() ? out : out + "<" + inner + ">";
  if (type->form == Form::set) return out + "[" + (type->rest ? type_text(type->rest) : "") + "]";
  if (type->form == Form::array) {
    std::string known = inner.empty() ? "" : "<" + inner + ">";
    return out + known + (type->rest ? "[" + type_text(type->rest) + "]" : "");
  }
  if (type->form != Form::object) return out;
  std::string members;
  for (Type::Member const& member : type->members) {
    members += (members.empty() ? "" : ", ") + std::string(member.key.as_string()) + ": " +
               type_text(member.value);
  }
  if (!members.empty()) out += "<" + members + ">";
  return type->rest ? out + "[" + type_text(type->key) + ": " + type_text(type->rest) + "]" : out;
}

bool value_fits(Value const& value, TypeRef const& type) {
  if (value.size() == 0 || !type || is_anything(type)) return unifies(type_of_value(value), type);
  if (type->form == Type::Form::any) {
    return std::ranges::any_of(type->first,
                               [&](TypeRef const& choice) { return value_fits(value, choice); });
  }
  if (value.is(Kind::set)) {
    return type->form == Type::Form::set &&
           std::ranges::all_of(value.items(),
                               [&](Value const& item) { return value_fits(item, type->rest); });
  }
  bool const array = value.is(Kind::array);
  if (type->form != (array ? Type::Form::array : Type::Form::object)) return false;
  if (value.size() != (array ? type->first.size() : type->members.size()) && !type->rest)
    return false;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    if (!value_fits(value.items()[i], select_at(type, i))) return false;
  }
  return std::ranges::all_of(value.entries(), [&](Entry const& entry) {
    TypeRef const child = select(type, entry.key);
    return child && value_fits(entry.value, child);
  });
}

}  // namespace aw::rego
