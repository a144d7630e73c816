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

// Of each known element of `a`, `b` has one that fits.
bool arrays_fit(TypeRef const& a, TypeRef const& b) {
  for (std::size_t i = 0; i < a->first.size(); ++i) {
    TypeRef other = select_at(b, i);
    if (!other || !unifies(a->first[i], other)) return false;
  }
  return true;
}

bool objects_fit(TypeRef const& a, TypeRef const& b) {
  return std::ranges::all_of(a->members, [&](Type::Member const& member) {
    TypeRef other = select(b, member.key);
    return other && unifies(member.value, other);
  });
}

bool rests_fit(TypeRef const& a, TypeRef const& b) {
  return !a->rest || !b->rest || unifies(a->rest, b->rest);
}

bool is_choice(TypeRef const& type) { return type->form == Form::any; }

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

bool holds_empty_set(TypeRef const& type) {
  if (!type) return false;
  if (type->form == Form::set) return !type->rest || holds_empty_set(type->rest);
  if (type->form == Form::array) return std::ranges::any_of(type->first, holds_empty_set);
  return type->form == Form::object &&
         std::ranges::any_of(type->members, holds_empty_set, &Type::Member::value);
}

bool same_type(TypeRef const& a, TypeRef const& b) {
  if (a == b) return true;
  if (!a || !b || a->form != b->form) return false;
  return std::ranges::equal(a->first, b->first, same_type) && same_members(*a, *b) &&
         same_type(a->key, b->key) && same_type(a->rest, b->rest);
}

bool unifies(TypeRef const& a, TypeRef const& b) {
  if (!a || !b) return true;  // what is not known yet
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
      return type->rest ? type->rest : any_type();
    case Form::object: {
      TypeRef all = type->key;
      for (Type::Member const& member : type->members) all = either(all, type_of_value(member.key));
      return all ? all : any_type();
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
      all = type->rest ? either(all, type->rest) : all;
      return all ? all : any_type();
    }
    case Form::set:
      return type->rest ? type->rest : any_type();
    case Form::object: {
      TypeRef all = type->rest;
      for (Type::Member const& member : type->members) all = either(all, member.value);
      return all ? all : any_type();
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
    case Form::set:
      if (!type->rest) return nullptr;
      return unifies(type->rest, type_of_value(key)) ? type->rest : nullptr;
    case Form::object:
      for (Type::Member const& member : type->members) {
        if (member.key == key) return member.value;
      }
      return type->rest && unifies(type->key, type_of_value(key)) ? type->rest : nullptr;
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
  if (value.size() == 0 || is_anything(type)) return unifies(type_of_value(value), type);
  if (type->form == Type::Form::any) {
    return std::ranges::any_of(type->first,
                               [&](TypeRef const& choice) { return value_fits(value, choice); });
  }
  if (value.is(Kind::set)) {
    TypeRef const member = type->form == Type::Form::set ? values_of(type) : nullptr;
    return member && std::ranges::all_of(value.items(), [&](Value const& item) {
             return value_fits(item, member);
           });
  }
  bool const array = value.is(Kind::array);
  if (type->form != (array ? Type::Form::array : Type::Form::object)) return false;
  if (value.size() != (array ? type->first.size() : type->members.size()) && !type->rest)
    return false;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    TypeRef const item = select_at(type, i);
    if (!item || !value_fits(value.items()[i], item)) return false;
  }
  return std::ranges::all_of(value.entries(), [&](Entry const& entry) {
    TypeRef const child = select(type, entry.key);
    return child && value_fits(entry.value, child);
  });
}

}  // namespace aw::rego
