// SPDX-License-Identifier: Apache-2.0
// A row of the table: one setting, where its value lives in Config, and what may stand there.
//
// Everything that knows settings (parsing, ranges, environment, --set, explain, reference page,
// JSON Schema, show, reload) walks rows; nothing else lists settings. Rows are immutable values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/config.h"

namespace aw::config {

// What a person may write. Where a value goes is the slot's business: several types share text.
enum class Type {
  text,
  boolean,
  integer,
  real,
  duration,
  choice,
  text_list,
  integer_list,
  json,    // any YAML value, kept as JSON text
  levels,  // a mapping of names to log levels
  maps,    // a list of mappings; its items' rows are named KEY[].x
};

// What a row's text has to do with the file system. A relative one begins at the file that says it.
enum class PathUse : std::uint8_t {
  none,
  read,     // a file or directory that is there before us
  made,     // made when it is not there
  program,  // a command: its first word, where that begins with ./ or ../, else found by PATH
};

// An enumeration seen as int.
struct ChoiceSlot {
  std::function<int()> get;
  std::function<void(int)> set;
};
// A single value that fills a list.
struct FirstSlot {
  std::vector<std::string>* list = nullptr;
};
// observability.logging.output: one text that fills two members.
struct LogOutputSlot {
  log::Output* output = nullptr;
  std::string* file = nullptr;
};
// A list of mappings: only its length.
struct MapsSlot {
  std::function<std::size_t()> size;
  std::function<void(std::size_t)> resize;
};

// Points into one Config, which must outlive it.
// A row's place in one Config, made when asked for and used at once. Whole numbers are checked
// against the member's own width as well as against the row's range.
using Slot = std::variant<std::string*, bool*, std::uint16_t*, std::uint32_t*, std::uint64_t*, int*,
                          double*, std::chrono::nanoseconds*, std::vector<std::string>*,
                          std::vector<int>*, std::map<std::string, log::Level>*, ChoiceSlot,
                          FirstSlot, LogOutputSlot, MapsSlot>;

// `index` counts only for rows below a list of mappings.
using Access = std::function<Slot(Config&, std::size_t index)>;

// One word of an enumeration. Of several for one value the first is what `show` prints.
struct ChoiceName {
  std::string_view name;
  int value = 0;
  bool old = false;  // accepted with a warning
};

// Says what is wrong with a text; empty when nothing is.
// As checks.h has them: a whole sentence begins with a capital, a phrase follows the key's name.
using Check = std::string (*)(std::string_view);

// Built with the functions of schema_row.h and the chain below; each of those may stand once.
struct Field {
  std::string key;  // "agent.name", "peers[].id"
  Type type = Type::text;
  Access access;
  std::string help;
  std::vector<ChoiceName> choices;
  std::optional<double> least;  // of numbers; seconds for durations
  std::optional<double> most;
  Check check_with = nullptr;  // each item's, for lists
  std::string allowed_text;    // what check_with wants, for people
  std::string example_text;
  std::string pattern;                 // for the JSON Schema
  std::vector<std::string> variables;  // besides the derived one
  bool is_secret = false;
  bool is_reloadable = false;
  bool is_required = false;
  PathUse path_use = PathUse::none;
  bool is_named = false;  // a list of NAME=VALUE, which may be written as a mapping
  bool is_port = false;   // 0 (any free port) may come from a variable or flag, never from a file

  // Both ends are allowed.
  Field&& in(double low, double high) && { return least = low, most = high, std::move(*this); }
  Field&& at_least(double low) && { return least = low, std::move(*this); }
  Field&& checked(Check check, std::string allowed) && {
    return check_with = check, allowed_text = std::move(allowed), std::move(*this);
  }
  Field&& matching(std::string regex) && { return pattern = std::move(regex), std::move(*this); }
  Field&& example(std::string text) && { return example_text = std::move(text), std::move(*this); }
  // A short name beside the derived one, which counts first.
  Field&& env(std::string name) && {
    return variables.push_back(std::move(name)), std::move(*this);
  }
  // The value is masked wherever it would be shown, and so is its line in findings.
  Field&& secret() && { return is_secret = true, std::move(*this); }
  Field&& reloadable() && { return is_reloadable = true, std::move(*this); }
  Field&& required() && { return is_required = true, std::move(*this); }

  Field&& named() && { return is_named = true, std::move(*this); }
  Field&& file() && { return path_use = PathUse::read, std::move(*this); }
  Field&& made() && { return path_use = PathUse::made, std::move(*this); }
  Field&& program() && { return path_use = PathUse::program, std::move(*this); }
  Field&& port() && { return is_port = true, std::move(*this).in(1, 65'535); }

  // Below a list of mappings?
  [[nodiscard]] bool is_item() const { return key.find("[].") != std::string::npos; }
};

// --- binding: member pointers to Access --------------------------------------------------------

// Is a member on the way a list of mappings?
template <class T>
inline constexpr bool kIsVectorOfClass = false;
template <class T>
inline constexpr bool kIsVectorOfClass<std::vector<T>> =
    std::is_class_v<T> && !std::is_same_v<T, std::string>;

// `value` outlives the slot. An enumeration is reached through two functions, as its number.
template <class T>
Slot slot_of(T& value) {
  if constexpr (std::is_enum_v<T>) {
    return ChoiceSlot{[&value] { return static_cast<int>(value); },
                      [&value](int to) { value = static_cast<T>(to); }};
  } else {
    return &value;
  }
}

// Follows member pointers; a vector of structs on the way is entered at `index`.
template <class Object, class First, class... Rest>
Slot follow(Object& object, std::size_t index, First first, Rest... rest) {
  auto& member = object.*first;
  if constexpr (sizeof...(rest) == 0) {
    return slot_of(member);
  } else if constexpr (kIsVectorOfClass<std::remove_cvref_t<decltype(member)>>) {
    return follow(member.at(index), index, rest...);
  } else {
    return follow(member, index, rest...);
  }
}

// The way from Config to a member, as a row keeps it. Throws std::out_of_range for an index that
// the list has not got: decode() has resized it first.
template <class... Members>
Access reach(Members... members) {
  return
      [members...](Config& config, std::size_t index) { return follow(config, index, members...); };
}

// --- values ------------------------------------------------------------------------------------

// The value as JSON (durations in seconds for *_seconds keys, else "30s"). Secrets are not masked.
// Copies the whole Config on the way: for showing and comparing, not for requests.
[[nodiscard]] nlohmann::json value_of(Field const& field, Config const& config,
                                      std::size_t index = 0);
// As it would stand in a file: `30s`, `[a, b]`, `""`.
[[nodiscard]] std::string yaml_text(nlohmann::json const& value);

// "AGENTWEAVE_AUTHORIZATION_CIRCUIT_BREAKER_TIMEOUT"; empty for rows no variable can set.
[[nodiscard]] std::string derived_variable(Field const& field);
[[nodiscard]] std::string_view type_name(Type type);           // "text", "whole number", …
[[nodiscard]] std::string allowed_values(Field const& field);  // "1 to 65535", "deny, log-only", …
// What stands in a default-constructed Config; also "" where the default depends on other keys.
[[nodiscard]] std::string default_text(Field const& field);  // "" when it has none

}  // namespace aw::config
