// SPDX-License-Identifier: Apache-2.0
// Server-sent events (WHATWG HTML §9.2), written and read. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::http {

struct SseEvent {
  std::string event;  // empty = "message"
  std::string data;
  std::string id;
};

// Appends one event; `data` may hold several lines.
void append_sse(std::string& out, SseEvent const& event);
// A comment line: a heartbeat.
inline constexpr std::string_view kSseHeartbeat = ": keep-alive\n\n";

// Feed it bytes as they come, take events as they are whole. One owner. Bounded: a larger event is
// Code::too_large.
class SseReader {
 public:
  explicit SseReader(std::size_t max_event = 4U << 20) : max_(max_event) {}
  [[nodiscard]] Result<void> feed(std::string_view bytes);
  [[nodiscard]] std::optional<SseEvent> next();

 private:
  void line(std::string_view text);

  std::size_t const max_;
  std::string buffer_;
  SseEvent current_;
  bool has_data_ = false;
  std::vector<SseEvent> ready_;
  std::size_t taken_ = 0;
  enum class After { none, carriage_return } after_ = After::none;
};

}  // namespace aw::http
