// SPDX-License-Identifier: Apache-2.0
// Reads foreign JSON without building a tree: one strict pass over all of it, then cheap views into
// the same bytes.
//
// Why not a tree: what we only carry (payloads, data parts) must reach the backend byte for byte,
// big numbers and all, and must cost no memory of its own. Views point into the validated text and
// live as long as it. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace aw::a2a {

struct JsonLimits {
  std::size_t bytes = 16U << 20;
  int depth = 64;
};

// RFC 8259 to the letter, and stricter where readers disagree: no duplicate member names, valid
// UTF-8, no lone surrogates, no number beyond a double's range. Code::request_malformed;
// Code::too_large.
[[nodiscard]] Result<void> check_json(std::string_view text, JsonLimits limits = {});

// Cheap to copy. Each look scans the text again: use JsonObject for more than one member.
class JsonView {
 public:
  enum class Kind : std::uint8_t { none, null, boolean, number, string, array, object };
  using Member = std::pair<std::string, JsonView>;

  JsonView() = default;
  // `validated` passed check_json, or is part of a text that did.
  explicit JsonView(std::string_view validated);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is(Kind kind) const { return this->kind() == kind; }
  // Neither absent nor null.
  [[nodiscard]] bool present() const { return kind() > Kind::null; }
  [[nodiscard]] std::string_view raw() const { return raw_; }

  // Of an object, in order; empty for every other kind. At most `kMaxMembers`, further ones are
  // left out.
  [[nodiscard]] std::vector<Member> members() const;
  // Of an array, in order; empty for every other kind.
  [[nodiscard]] std::vector<JsonView> elements() const;
  // The first of `names` that the object has; a view of kind none otherwise.
  [[nodiscard]] JsonView get(std::string_view name) const;

  // Null optional when it is of another kind.
  // Escapes are undone.
  [[nodiscard]] std::optional<std::string> string() const;
  [[nodiscard]] std::optional<std::int64_t> integer() const;  // also 3.0, as ProtoJSON allows
  [[nodiscard]] std::optional<bool> boolean() const;

  static constexpr std::size_t kMaxMembers = 100'000;

 private:
  friend class JsonCursor;
  std::string_view raw_;
};

// Walks validated JSON from front to back, each byte once: for who needs all of it. It stands at a
// value or, inside an object or array, before the next one.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view validated);
  [[nodiscard]] JsonView::Kind kind() const;
  // At an object or array: steps into it, before its first member or element.
  void enter();
  // Steps to the next member's value, its name (escapes undone) in `name`; false at the object's
  // end, where it stands behind the object.
  [[nodiscard]] bool next_member(std::string& name);
  [[nodiscard]] bool next_element();  // the same for an array
  // The value it stands at, a string, number, boolean or null; it then stands behind it.
  JsonView take();
  void skip();  // a value of any kind

 private:
  void space();
  std::string_view text_;
  std::size_t at_ = 0;
};

// One object looked at by name, scanned once. Names match in camelCase and in snake_case
// ("messageId" finds "message_id").
class JsonObject {
 public:
  explicit JsonObject(JsonView view) : members_(view.members()) {}
  [[nodiscard]] JsonView get(std::string_view camel_name) const;
  // The string, or empty when absent or of another kind.
  [[nodiscard]] std::string text(std::string_view camel_name) const;
  [[nodiscard]] std::vector<JsonView::Member> const& members() const { return members_; }

 private:
  std::vector<JsonView::Member> members_;
};

}  // namespace aw::a2a
