// SPDX-License-Identifier: Apache-2.0
// Requests and responses as values, the same for HTTP/1.1 and HTTP/2.
//
// Values: copy, move, compare as you like; any thread may use its own. All of them keep their
// memory when cleared, so a connection that serves many requests allocates for the first only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aw::http {

// What the message came in; what is sent is the connection's to choose.
enum class Version : std::uint8_t { http1_0, http1_1, http2 };

// How a request names what it wants (RFC 9112 §3.2): by a path, as a server is asked for what is
// its own, or whole, as a proxy is asked for somebody else's. HTTP/2 has no other than the whole.
enum class TargetForm : std::uint8_t { origin, absolute };

// Header fields in the order they came; names are lower case (RFC 9110 §5.1: case means nothing).
// The views it hands out live until the next change: never give them to `add` or `set` of its own.
// Nothing is checked here: the codecs refuse malformed names and values on the way in, and leave
// them out on the way out. Lookups ignore case and walk the list.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  void add(std::string_view name, std::string_view value);
  // The only field of that name from now on.
  void set(std::string_view name, std::string_view value);
  // Removes every field of that name; how many there were.
  // The bytes stay in the arena until `clear`.
  std::size_t erase(std::string_view name);
  void append(Headers const& other);  // not of itself
  void clear();

  // The first field's value. Whoever decides by a header asks `count` too.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return get(name).has_value(); }

  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] bool empty() const { return slots_.empty(); }
  // Names and values together: what a limit counts.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // `index` below size().
  [[nodiscard]] Field operator[](std::size_t index) const;

  // Over the fields in their order; any change of the headers ends it.
  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(Headers const* headers, std::size_t index) : headers_(headers), index_(index) {}
    Field operator*() const { return (*headers_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      auto const before = *this;
      ++index_;
      return before;
    }
    bool operator==(Iterator const& other) const { return index_ == other.index_; }

   private:
    Headers const* headers_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, slots_.size()}; }

 private:
  struct Slot {
    std::uint32_t name = 0;  // offset in arena_; the value follows the name
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
  };
  std::string arena_;
  std::vector<Slot> slots_;
  std::size_t bytes_ = 0;
};

// What a server hands to a handler and a client sends. Set the target with `set_target`: path and
// query do not follow by themselves.
struct Request {
  std::string method = "GET";
  std::string target = "/";  // as sent, without scheme and authority
  std::string path = "/";    // before the '?', not decoded
  std::string query;         // after it
  std::string authority;     // Host or :authority, without a scheme
  Headers headers;           // h2: without pseudo-headers; `host` stands in `authority` alone
  std::string body;
  Version version = Version::http1_1;
  TargetForm form = TargetForm::origin;  // what came; what is sent has a path

  // Sets target, path and query.
  void set_target(std::string_view whole);
  void clear();  // keeps memory
};

// Framing (content-length, transfer-encoding, connection, date) is not in `headers`: the codec
// writes it.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  Headers trailers;  // what comes after the body; a server sends them over HTTP/2 only

  void clear();
};

// "Not Found"; empty for statuses without a name.
[[nodiscard]] std::string_view reason_phrase(int status);

// RFC 9110 §5.6.2 token, and a field value without control characters (§5.5).
[[nodiscard]] bool is_token(std::string_view text);
// Empty is allowed; bytes above 0x7F pass (obs-text).
[[nodiscard]] bool is_field_value(std::string_view text);

}  // namespace aw::http
