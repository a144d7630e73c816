// SPDX-License-Identifier: Apache-2.0
// HTTP messages as values: what the codecs read and write, whatever the version.
//
// One owner. Cleared and used again from request to request, so that a connection in its stride
// allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aw::http {

// Header fields in the order of the wire, names in lower case. All text lies in one block: views
// stay valid until the next change.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  // `name` is lowered here.
  void add(std::string_view name, std::string_view value);
  // Removes all of that name, then adds.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  void clear();
  void reserve(std::size_t bytes, std::size_t fields);

  // `name` must be lower case. The first value of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] Field at(std::size_t index) const;

  class Iterator {
   public:
    Iterator(Headers const* headers, std::size_t index) : headers_(headers), index_(index) {}
    Field operator*() const { return headers_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    friend bool operator==(Iterator const& a, Iterator const& b) { return a.index_ == b.index_; }

   private:
    Headers const* headers_;
    std::size_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, fields_.size()}; }

 private:
  struct Span {
    std::uint32_t name;
    std::uint32_t name_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };
  std::string text_;
  std::vector<Span> fields_;
};

enum class Protocol : std::uint8_t { http1_0, http1_1, http2 };

struct Request {
  std::string method;
  std::string target;      // as sent: "/a?b=c"; for h2 the :path
  std::string_view path;   // of target, before '?'; set by `split_target`
  std::string_view query;  // after '?', without it
  std::string authority;   // Host or :authority
  Headers headers;
  std::string body;
  Protocol protocol = Protocol::http1_1;

  Request() = default;
  Request(Request const&) = delete;  // path and query point into target
  Request& operator=(Request const&) = delete;
  Request(Request&& other) noexcept;
  Request& operator=(Request&& other) noexcept;

  void split_target();
  void clear();
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// "OK", "Not Found"; empty for numbers without a name.
[[nodiscard]] std::string_view status_text(int status);
// The value of `name` in a query string, %XX and '+' decoded; nullopt when absent or badly escaped.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace aw::http
