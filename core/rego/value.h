// SPDX-License-Identifier: Apache-2.0
// A Rego value: null, boolean, number, string, array, object or set; or undefined, the absence of
// one.
//
// Immutable and cheap to copy (a counted pointer, or inline); any thread may read, copy and drop.
// Arrays keep their order; objects and sets are held sorted by `compare` and hashed, so that
// iteration is deterministic and look-up does not depend on the size. Numbers of any size keep
// their spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace aw::rego {

// In Rego's order of types.
enum class Kind : std::uint8_t { null, boolean, number, string, array, object, set, undefined };

// What a text may have; beyond, it is Code::policy_data.
struct JsonLimits {
  std::size_t bytes = 64U << 20;
  std::size_t depth = 256;
};

struct Entry;
struct ValueNode;

class Value {
 public:
  Value() = default;  // undefined
  Value(Value const& other) noexcept : word_(other.word_), kind_(other.kind_), heap_(other.heap_) {
    if (heap_) retain();
  }
  Value(Value&& other) noexcept : word_(other.word_), kind_(other.kind_), heap_(other.heap_) {
    other.heap_ = false;
    other.kind_ = Kind::undefined;
  }
  Value& operator=(Value const& other) noexcept {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    if (this != &other) {
      if (heap_) release();
      word_ = other.word_;
      kind_ = other.kind_;
      heap_ = other.heap_;
      other.heap_ = false;
      other.kind_ = Kind::undefined;
    }
    return *this;
  }
  ~Value() {
    if (heap_) release();
  }
  void swap(Value& other) noexcept {
    std::swap(word_, other.word_);
    std::swap(kind_, other.kind_);
    std::swap(heap_, other.heap_);
  }

  // Builders. `object`: of equal keys the last wins. `set`: equal members fall together.
  [[nodiscard]] static Value null();
  [[nodiscard]] static Value boolean(bool value);  // NOLINT: a JSON value, not a mode
  [[nodiscard]] static Value number(std::int64_t value);
  [[nodiscard]] static Value real(double value);  // not finite: null
  // A JSON number of any size; undefined when `text` is none.
  [[nodiscard]] static Value number_text(std::string_view text);
  [[nodiscard]] static Value string(std::string_view text);
  [[nodiscard]] static Value array(std::vector<Value> items);
  [[nodiscard]] static Value set(std::vector<Value> members);
  [[nodiscard]] static Value object(std::vector<Entry> entries);
  // The same out of borrowed room: what is there is moved from.
  [[nodiscard]] static Value array_of(std::span<Value> items);
  [[nodiscard]] static Value object_of(std::span<Entry> entries);
  [[nodiscard]] static Value object(
      std::initializer_list<std::pair<std::string_view, Value>> members);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool defined() const { return kind_ != Kind::undefined; }
  [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }
  [[nodiscard]] bool is_true() const { return kind_ == Kind::boolean && word_.integer != 0; }
  [[nodiscard]] bool is_false() const { return kind_ == Kind::boolean && word_.integer == 0; }

  // The string's text; empty for any other kind. The view lives as long as the value.
  [[nodiscard]] std::string_view as_string() const;
  // The number, when it is an integer that fits.
  [[nodiscard]] std::optional<std::int64_t> as_int() const;
  [[nodiscard]] double as_double() const;         // nearest; 0 for any other kind
  [[nodiscard]] std::string number_text() const;  // its spelling; empty for any other kind

  // Elements of an array, object or set; characters are not counted. 0 for scalars.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::span<const Value> items() const;    // of an array or set
  [[nodiscard]] std::span<const Entry> entries() const;  // of an object
  // Array by index, object by key, set by member; nullptr when there is none. Lives as long as
  // this.
  [[nodiscard]] Value const* find(Value const& key) const;
  [[nodiscard]] Value const* find(std::string_view key) const;  // in an object
  // An element of an array, a member of a set, a value of an object.
  [[nodiscard]] bool holds(Value const& item) const;
  // Member of a member …; undefined when any step is missing.
  [[nodiscard]] Value get(std::initializer_list<std::string_view> path) const;
  [[nodiscard]] Value get(std::string_view key) const { return get({key}); }

  // Equal values have equal hashes, whatever their spelling. Kept in the value once computed.
  [[nodiscard]] std::uint64_t hash() const;
  [[nodiscard]] std::string to_json() const;  // sets become arrays, keys their JSON text
  [[nodiscard]] std::string to_text() const;  // as Rego writes it: sets in braces

  // As `compare`: 1 equals 1.0. Undefined equals undefined.
  friend bool operator==(Value const& a, Value const& b);

  // For the room itself: the shared node, and the inline integer.
  [[nodiscard]] ValueNode const* node() const { return heap_ ? word_.node : nullptr; }
  [[nodiscard]] bool is_inline_int() const { return kind_ == Kind::number && !heap_; }
  [[nodiscard]] std::int64_t inline_int() const { return word_.integer; }
  // Takes over one reference.
  [[nodiscard]] static Value adopt(ValueNode* node, Kind kind);

 private:
  void retain() const noexcept;
  void release() noexcept;

  union Word {
    std::int64_t integer;
    ValueNode* node;
  };
  Word word_ = {.integer = 0};
  Kind kind_ = Kind::undefined;
  bool heap_ = false;
};

// One member of an object; any value may be a key.
struct Entry {
  Value key;
  Value value;
};

// Rego's total order: <0, 0, >0. Numbers by value, objects by their sorted keys, then values.
[[nodiscard]] int compare(Value const& a, Value const& b);

// Strict JSON (duplicate members: the last wins, as OPA). Error: Code::policy_data, with line and
// column of the fault.
[[nodiscard]] Result<Value> parse_json(std::string_view text, JsonLimits const& limits = {});
// As Value::to_json, behind what `out` holds. Undefined becomes null.
void append_json(std::string& out, Value const& value);
// The same text in pieces of some 64 kB, for what need not be held whole. Empty pieces are left
// out.
void write_json(Value const& value, std::function<void(std::string_view)> const& piece);
// The same, broken into lines and indented by two spaces.
[[nodiscard]] std::string to_pretty_json(Value const& value);

// `b` laid over `a`: objects merge member by member, anything else of `b` wins.
[[nodiscard]] Value merge(Value const& a, Value const& b);

}  // namespace aw::rego
