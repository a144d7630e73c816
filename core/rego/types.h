// SPDX-License-Identifier: Apache-2.0
// Types of values, as far as a compiler can know them, and how they fit each other.
//
// OPA's rules: a type is one of the kinds, or a choice of types; what is not known is anything.
// Immutable, shared; pure functions. Types are bounded: what would grow beyond is anything.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/rego/value.h"

namespace aw::rego {

struct Type;
using TypeRef =
    std::shared_ptr<const Type>;  // shared: parts of types are parts of others; null: not known yet

// Which members mean something depends on the form.
struct Type {
  enum class Form : std::uint8_t { null, boolean, number, string, array, object, set, any };
  struct Member {
    Value key;
    TypeRef value;
  };
  Form form = Form::any;
  std::vector<TypeRef> first;  // array: its known first elements; any: the choices (none: anything)
  std::vector<Member> members;  // object: its known members
  TypeRef key;                  // object: of other members; null: there are none
  TypeRef rest;                 // array: of further elements; object: of other members; set: of its
                                // members. null: there are none
  bool open = false;            // object: it may have other members, of which not all is known
};

// Of a function: one type for each argument.
struct Signature {
  std::vector<TypeRef> arguments;
  TypeRef result;
};

[[nodiscard]] TypeRef any_type();
[[nodiscard]] TypeRef type_of_kind(Kind kind);  // of null, boolean, number, string; else anything
[[nodiscard]] TypeRef array_of(std::vector<TypeRef> first, TypeRef rest);
[[nodiscard]] TypeRef object_of(std::vector<Type::Member> members, TypeRef key, TypeRef rest);
// The same where the type of other members' keys or values is null: not known.
[[nodiscard]] TypeRef object_in_part(std::vector<Type::Member> members, TypeRef key, TypeRef rest);
[[nodiscard]] TypeRef set_of(TypeRef member);
// Of a constant, with the type of each part; of collections of more than 256, of any part.
[[nodiscard]] TypeRef type_of_value(Value const& value);
// Null counts for nothing: either(null, b) is b. More than 24 choices are anything.
[[nodiscard]] TypeRef either(TypeRef const& a, TypeRef const& b);

[[nodiscard]] bool is_anything(TypeRef const& type);
[[nodiscard]] bool is_empty_collection(TypeRef const& type);
// Nothing, or not all, is known: the type is null or has such a part. An empty set is one of them.
[[nodiscard]] bool is_open(TypeRef const& type);
// Of a document that two rules make together: sets and objects become one of both.
[[nodiscard]] TypeRef merged(TypeRef const& a, TypeRef const& b);
[[nodiscard]] bool same_type(TypeRef const& a, TypeRef const& b);
// Some value may be of both types. What is not known fits nothing: see is_open.
[[nodiscard]] bool unifies(TypeRef const& a, TypeRef const& b);
// The same of what is written out, part by part and not only as a whole: {"a", 1} is no set of
// strings, though a set of either could be one.
[[nodiscard]] bool value_fits(Value const& value, TypeRef const& type);
// What a step into the type may be, and lead to; null: the type can have no elements.
[[nodiscard]] TypeRef keys_of(TypeRef const& type);
[[nodiscard]] TypeRef values_of(TypeRef const& type);
// Where a constant step leads; null: nowhere.
[[nodiscard]] TypeRef select(TypeRef const& type, Value const& key);
[[nodiscard]] TypeRef select_at(TypeRef const& array, std::size_t i);

[[nodiscard]] std::string type_text(TypeRef const& type);  // "array[string]", "any<number, string>"

// What a builtin function takes and answers; nullopt when that is not said.
[[nodiscard]] std::optional<Signature> builtin_signature(std::string_view name);

}  // namespace aw::rego
