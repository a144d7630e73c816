// SPDX-License-Identifier: Apache-2.0
// The table of all builtin functions, and the list of those that are refused.
#include <algorithm>
#include <array>

#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

using Family = std::span<const Builtin> (*)();
constexpr Family kFamilies[] = {
    arithmetic_builtins, compare_builtins, aggregate_builtins,   array_builtins, set_builtins,
    object_builtins,     json_builtins,    string_builtins,      type_builtins,  encoding_builtins,
    uri_builtins,        regex_builtins,   glob_builtins,        time_builtins,  units_builtins,
    schema_builtins,     jwt_builtins,     semver_builtins,      net_builtins,   graph_builtins,
    crypto_builtins,     x509_builtins,    private_key_builtins, misc_builtins,  sprintf_builtins,
};

constexpr std::string_view kNoCalls =
    "a policy must not do network calls on the request path; put what it needs into input or data";
constexpr std::string_view kOutside = "this engine leaves it out";
Value refused_call(BuiltinCall& call) {
  return call.fatal(std::string(call.name()) + " is not supported");
}

struct Refused {
  Builtin stand_in;
  std::string_view reason;
};
constexpr Refused kRefused[] = {
    {{"http.send", 1, refused_call}, kNoCalls},
    {{"net.lookup_ip_addr", 1, refused_call}, kNoCalls},
    {{"providers.aws.sign_req", 3, refused_call}, kOutside},
    {{"rego.parse_module", 2, refused_call}, kOutside},
    {{"graphql.is_valid", 2, refused_call}, kOutside},
    {{"graphql.parse", 2, refused_call}, kOutside},
    {{"graphql.parse_and_verify", 2, refused_call}, kOutside},
    {{"graphql.parse_query", 1, refused_call}, kOutside},
    {{"graphql.parse_schema", 1, refused_call}, kOutside},
    {{"graphql.schema_is_valid", 1, refused_call}, kOutside},
};

// Sorted by name, built once: a constant, not a registry.
std::vector<Builtin> const& table() {
  static std::vector<Builtin> const all = [] {
    std::vector<Builtin> made;
    for (Family family : kFamilies) {
      auto rows = family();
      made.insert(made.end(), rows.begin(), rows.end());
    }
    std::ranges::sort(made, {}, &Builtin::name);
    return made;
  }();
  return all;
}

}  // namespace

Builtin const* find_builtin(std::string_view name) {
  auto const& all = table();
  auto at = std::ranges::lower_bound(all, name, {}, &Builtin::name);
  return at != all.end() && at->name == name ? &*at : nullptr;
}

std::vector<std::string_view> builtin_names() {
  std::vector<std::string_view> names;
  for (Builtin const& builtin : table()) names.push_back(builtin.name);
  return names;
}

std::string_view refused_builtin(std::string_view name) {
  for (Refused const& refused : kRefused) {
    if (refused.stand_in.name == name) return refused.reason;
  }
  return {};
}

Builtin const* refused_stand_in(std::string_view name) {
  for (Refused const& refused : kRefused) {
    if (refused.stand_in.name == name) return &refused.stand_in;
  }
  return nullptr;
}

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 8> kNames = {"null",  "boolean", "number", "string",
                                                      "array", "object",  "set",    "undefined"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool BuiltinCall::want(std::size_t i, Kind kind) {
  if (arguments_[i].is(kind)) return true;
  type_error("operand " + std::to_string(i + 1) + " must be " + std::string(kind_name(kind)) +
             " but got " + std::string(kind_name(arguments_[i].kind())));
  return false;
}

bool BuiltinCall::want(std::size_t i, std::initializer_list<Kind> kinds) {
  std::string names;
  for (Kind kind : kinds) {
    if (arguments_[i].is(kind)) return true;
    names += (names.empty() ? "" : ", ") + std::string(kind_name(kind));
  }
  type_error("operand " + std::to_string(i + 1) + " must be one of {" + names + "} but got " +
             std::string(kind_name(arguments_[i].kind())));
  return false;
}

bool BuiltinCall::want_int(std::size_t i, std::int64_t& out) {
  if (!want(i, Kind::number)) return false;
  if (auto integer = arguments_[i].as_int()) {
    out = *integer;
    return true;
  }
  type_error("operand " + std::to_string(i + 1) +
             " must be integer number but got floating-point number");
  return false;
}

Value BuiltinCall::type_error(std::string message) {
  if (problem_ == Problem::none) {
    problem_ = Problem::type;
    message_ = std::move(message);
  }
  return {};
}

Value BuiltinCall::wrong_member(std::size_t i, std::string_view kinds, Value const& member) {
  std::string const holder(kind_name(arguments_[i].kind()));
  std::string text = "operand " + std::to_string(i + 1) + " must be ";
  text.append(holder).append(" of ").append(kinds);
  text.append(" but got ").append(holder).append(" containing ").append(kind_name(member.kind()));
  return type_error(std::move(text));
}

Value BuiltinCall::fail(std::string message) {
  if (problem_ == Problem::none) {
    problem_ = Problem::failure;
    message_ = std::move(message);
  }
  return {};
}

Value BuiltinCall::conflict(std::string message) {
  problem_ = Problem::conflict;
  message_ = std::move(message);
  return {};
}

Value BuiltinCall::fatal(std::string message) {
  problem_ = Problem::fatal;
  message_ = std::move(message);
  return {};
}

}  // namespace aw::rego
