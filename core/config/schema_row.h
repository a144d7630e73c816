// SPDX-License-Identifier: Apache-2.0
// How a row of the table is written: a key, what it is for, and the members that lead to its value.
// For schema.cc and schema_*.cc only; who reads the table includes schema.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config/checks.h"
#include "core/config/field.h"

namespace aw::config {

// The type that a member's own type means; anything unknown is text. `special` is for rows that
// this would get wrong.
template <class T>
constexpr Type type_of() {
  if constexpr (std::is_enum_v<T>) return Type::choice;
  if constexpr (std::is_same_v<T, bool>) return Type::boolean;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return Type::integer;
  if constexpr (std::is_floating_point_v<T>) return Type::real;
  if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) return Type::duration;
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return Type::text_list;
  if constexpr (std::is_same_v<T, std::vector<int>>) return Type::integer_list;
  if constexpr (std::is_same_v<T, std::map<std::string, log::Level>>) return Type::levels;
  return Type::text;
}

// From the last member pointer of a row, so that nobody writes the type twice.
template <class Object, class T>
constexpr Type type_of_member(T Object::* /*member*/) {
  return type_of<T>();
}

// key, help, then the way to the member.
template <class... Members>
Field field(std::string key, std::string help, Members... members) {
  Field out;
  out.key = std::move(key);
  out.help = std::move(help);
  out.access = reach(members...);
  out.type = type_of_member(std::get<sizeof...(members) - 1>(std::tuple(members...)));
  return out;
}

// A member that is an enumeration, with the words people write for it.
template <class... Members>
Field choice(std::string key, std::string help, std::vector<ChoiceName> names, Members... members) {
  Field out = field(std::move(key), std::move(help), members...);
  out.choices = std::move(names);
  return out;
}

// A row whose slot no member pointer reaches.
inline Field special(std::string key, std::string help, Type type, Access access) {
  Field out;
  out.key = std::move(key);
  out.help = std::move(help);
  out.type = type;
  out.access = std::move(access);
  return out;
}

// `text` is a literal.
template <class E>
ChoiceName name(std::string_view text, E value) {
  return {text, static_cast<int>(value), false};
}
// Accepted with AW1201, never shown.
template <class E>
ChoiceName old_name(std::string_view text, E value) {
  return {text, static_cast<int>(value), true};
}

// The sections' rows, each in its schema_*.cc, in the order of the table.
void add_agent(std::vector<Field>& rows);
void add_capabilities(std::vector<Field>& rows);
void add_identity(std::vector<Field>& rows);
void add_authorization(std::vector<Field>& rows);
void add_bundle(std::vector<Field>& rows);
void add_audit(std::vector<Field>& rows);
void add_decisions(std::vector<Field>& rows);
void add_decision_logs(std::vector<Field>& rows);
void add_transport(std::vector<Field>& rows);
void add_server(std::vector<Field>& rows);
void add_limits(std::vector<Field>& rows);
void add_protocol(std::vector<Field>& rows);
void add_run(std::vector<Field>& rows);
void add_secrets(std::vector<Field>& rows);
void add_observability(std::vector<Field>& rows);

}  // namespace aw::config
