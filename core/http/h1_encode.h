// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 messages to bytes (RFC 9112).
//
// Pure. Framing fields (content-length, transfer-encoding, connection, …) are written here and
// nowhere else: the same names among `fields` are left out, and so is any field with a control
// character, so that no value can end a head early.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/http/h1_head.h"
#include "core/http/message.h"

namespace aw::http {

// What becomes of the connection after the answer: Connection's value.
enum class After : std::uint8_t { keep_alive, close };

// How the message is framed, decided by whoever owns the connection; `length` counts for
// BodyKind::length only.
struct ResponseFrame {
  Version version = Version::http1_1;
  BodyKind body = BodyKind::length;  // none: nothing said (204, 304, 1xx)
  std::uint64_t length = 0;
  After after = After::keep_alive;
  std::string_view date;  // IMF-fixdate; empty = none
};
// `extra` comes first: a field there replaces the one of that name in `fields`.
// Appends status line, fields and the empty line. A date among `fields` stands instead of ours.
void append_response_head(std::string& out, int status, Headers const& extra, Headers const& fields,
                          ResponseFrame const& frame);

// With content-length when there is a body, or the method means one.
// `authority` becomes Host, whatever the request's own fields say.
void append_request_head(std::string& out, Request const& request, std::string_view authority);

void append_chunk(std::string& out, std::string_view bytes);  // nothing when empty
// The end of a chunked body; `trailers` may be empty, and are checked like fields.
void append_last_chunk(std::string& out, Headers const& trailers);

// Fields that belong to one connection and are the codec's alone (RFC 9110 §7.6.1).
[[nodiscard]] bool is_framing_field(std::string_view name);

// "Mon, 23 Nov 2026 20:15:00 GMT", made once a second. One owner.
class DateField {
 public:
  [[nodiscard]] std::string_view at(WallTime now);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace aw::http
