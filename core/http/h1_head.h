// SPDX-License-Identifier: Apache-2.0
// The heads of HTTP/1.1 messages (RFC 9112): bytes to values, strictly.
//
// Strict on purpose, because two readers that disagree about where a message ends are how requests
// are smuggled: lines end in CRLF and nothing else, no obsolete folding, no space before a colon,
// no control characters, one Host, one Content-Length, Transfer-Encoding is `chunked` or an error,
// never both. Pure; one parser a connection, used again for each message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "core/base/code.h"
#include "core/http/config.h"
#include "core/http/message.h"

namespace aw::http {

// Why a message is refused: what goes into the answer, and a word for the log.
// A value; cheap to copy.
struct Fault {
  Code code = Code::request_malformed;
  int status = 400;
  std::string_view what;  // a literal
};

inline std::unexpected<Fault> malformed_message(std::string_view what) {
  return std::unexpected(Fault{.code = Code::request_malformed, .status = 400, .what = what});
}

// until_close: answers only (RFC 9112 §6.3); no request is framed so.
enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

// What the head says about what follows.
struct Framing {
  BodyKind body = BodyKind::none;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool expect_continue = false;
};

// Bytes of the whole head, its fields, and the request target; beyond: 431 and 414.
struct HeadLimits {
  std::size_t bytes = 32U << 10;
  std::size_t fields = 100;
  std::size_t target = 8U << 10;
};
[[nodiscard]] HeadLimits head_limits(Limits const& limits);

// Fields line by line, for both kinds of head and for trailers.
// What it noted so far stands in its members; whoever reads the head combines them (RFC 9112
// §6.3).
class FieldBlock {
 public:
  // One line without its CRLF. `notes` what framing needs to know.
  [[nodiscard]] std::expected<void, Fault> line(std::string_view text, Headers& out);
  void reset() { *this = FieldBlock{}; }

  std::uint32_t hosts = 0;
  std::uint32_t lengths = 0;
  std::uint32_t encodings = 0;
  std::uint64_t length = 0;
  bool close = false;
  bool keep_alive = false;
  bool expect_continue = false;

 private:
  [[nodiscard]] std::expected<void, Fault> note(std::string_view name, std::string_view value);
};

// Errors: 400 malformed, 414, 431, 417 (an expectation other than 100-continue), 505 (a version
// not spoken). CONNECT is refused.
class RequestHead {
 public:
  explicit RequestHead(HeadLimits limits) : limits_(limits) {}

  // `bytes` is everything since the request began (the same bytes again, and more, at each call).
  // Returns how many of them are the head, or 0 when more must come. `out` was cleared before.
  [[nodiscard]] std::expected<std::size_t, Fault> parse(std::string_view bytes, Request& out);
  // After a head was returned.
  [[nodiscard]] Framing const& framing() const { return framing_; }
  // For the next message of the connection.
  void reset();

 private:
  [[nodiscard]] std::expected<void, Fault> request_line(std::string_view text, Request& out) const;
  [[nodiscard]] std::expected<void, Fault> finish(Request& out);

  HeadLimits limits_;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  FieldBlock fields_;
  Framing framing_;
};

// What was asked decides how an answer is framed.
enum class Asked : std::uint8_t { head, anything_else };

// Keeps the connection only where the answer's end is known.
class ResponseHead {
 public:
  explicit ResponseHead(HeadLimits limits) : limits_(limits) {}
  // As RequestHead. Interim (1xx) heads are returned like others: reset and go on.
  [[nodiscard]] std::expected<std::size_t, Fault> parse(std::string_view bytes, Asked asked,
                                                        Response& out);
  [[nodiscard]] Framing const& framing() const { return framing_; }
  void reset();

 private:
  [[nodiscard]] std::expected<void, Fault> status_line(std::string_view text, Response& out);
  [[nodiscard]] std::expected<void, Fault> finish(Asked asked, Response const& out);

  HeadLimits limits_;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  Version version_ = Version::http1_1;
  FieldBlock fields_;
  Framing framing_;
};

// "search:8443", "[::1]", "agent.example": what may stand in Host and :authority.
// No user info; a port of up to five digits, whose value is not looked at.
[[nodiscard]] bool is_authority(std::string_view text);
// An origin-form target: '/', visible ASCII, no fragment.
[[nodiscard]] bool is_origin_target(std::string_view text);

}  // namespace aw::http
