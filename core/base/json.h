// SPDX-License-Identifier: Apache-2.0
// JSON off the hot path: nlohmann's tree, parsed with bounds. On the hot path: JsonWriter, which
// only appends.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/result.h"

namespace aw::json {

using Json = nlohmann::json;

// What a text may cost before it is refused: checked before anything is built, since the tree's
// destructor recurses as deep as the text nests.
struct Limits {
  std::size_t bytes = 8U << 20;
  int depth = 128;
};

// Strict RFC 8259: no comments, no trailing bytes, no duplicate member names, UTF-8 only. Error:
// Code::request_malformed.
[[nodiscard]] Result<Json> parse(std::string_view text, Limits limits = {});

// Appends `text` as a JSON string with quotes; bytes that are no UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

// A member's name as it stands in the program's text: that nothing in it is to be escaped, the
// compiler has seen. Two words, by value.
class Name {
 public:
  // Does not compile when the name has a character to be escaped.
  template <std::size_t N>
  consteval Name(char const (&name)[N]) : text_(name, N - 1) {  // NOLINT: a literal is a name
    for (char const c : text_)
      if (c < ' ' || c > '~' || c == '"' || c == '\\') throw "a character to be escaped";
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;  // the program's own: it lasts
};

// A name that is known only when the program runs.
template <class T>
concept DynamicName = std::convertible_to<T const&, std::string_view> && !std::is_array_v<T> &&
                      !std::same_as<T, Name>;

// Writes one JSON value into a string it does not own. Commas and colons are its business; balance
// is the caller's.
// Never fails and never looks back: a second `key` in a row, an `end_` too many or two values at
// the top give text that is no JSON. One owner; the string outlives it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  // Names are not compared: twice the same is written twice.
  Writer& key(Name name);
  // Escaped like any string.
  template <DynamicName T>
  Writer& key(T const& name) {
    return dynamic_key(name);
  }
  Writer& string(std::string_view value);
  Writer& number(std::int64_t value);
  Writer& decimal(std::int64_t value, int places);  // value / 10^places, exactly; 0 <= places <= 18
  Writer& boolean(bool value);                      // NOLINT: a JSON value, not a mode
  Writer& null();
  Writer& raw(std::string_view json);  // must be one complete JSON value

  // The common pair; empty strings are written too.
  Writer& member(Name name, std::string_view value);
  Writer& member(Name name, std::int64_t value) { return key(name).number(value); }
  template <DynamicName T>
  Writer& member(T const& name, std::string_view value) {
    return dynamic_key(name).string(value);
  }
  template <DynamicName T>
  Writer& member(T const& name, std::int64_t value) {
    return dynamic_key(name).number(value);
  }

 private:
  Writer& dynamic_key(std::string_view name);
  void separate();
  std::string& out_;
  bool comma_ = false;
};

}  // namespace aw::json
