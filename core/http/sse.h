// SPDX-License-Identifier: Apache-2.0
// Server-sent events (WHATWG HTML §9.2): one event to bytes, bytes to events.
//
// Pure. A parser belongs to one stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::http {

// What one dispatch carries; an event without data is none (§9.2.6).
struct SseEvent {
  std::string data;   // lines joined with '\n'
  std::string event;  // empty = "message"
  std::string id;
  std::optional<std::chrono::milliseconds> retry;
  bool operator==(SseEvent const&) const = default;
};

inline constexpr std::string_view kSseContentType = "text/event-stream";
// A comment: keeps intermediaries and dead-peer detection busy, is no event.
inline constexpr std::string_view kSseHeartbeat = ":\n\n";

// Appends the event's bytes; line breaks inside `data` become several data lines, in `event` and
// `id` they are dropped.
void append_sse(std::string& out, SseEvent const& event);
// Only data, the most frequent case.
void append_sse(std::string& out, std::string_view data);

// Events not yet taken are bounded too (65,536): whoever feeds takes in between.
class SseParser {
 public:
  // An event (and a line) may have this many bytes.
  explicit SseParser(std::size_t max_event_bytes = std::size_t{1} << 20)
      : limit_(max_event_bytes) {}

  // Any piece of the stream, cut anywhere. Code::too_large; the parser is then of no more use.
  Result<void> feed(std::string_view bytes);
  // The events completed so far, oldest first. An event the stream's end cut off is no event.
  std::optional<SseEvent> next();

 private:
  void line(std::string_view text);
  void dispatch();

  std::size_t limit_;
  std::string line_;
  SseEvent current_;
  std::string last_id_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  std::deque<SseEvent> ready_;
};

}  // namespace aw::http
