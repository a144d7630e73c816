// SPDX-License-Identifier: Apache-2.0
#include "core/http/sse.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace aw::http {

namespace {

// Whoever reads too slowly what it feeds holds at most this many events.
constexpr std::size_t kMaxReady = 65'536;

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out.push_back('\n');
}

void append_data(std::string& out, std::string_view data) {
  for (;;) {
    auto const end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) return;
    bool const pair = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
    data.remove_prefix(end + (pair ? 2U : 1U));
  }
}

}  // namespace

void append_sse(std::string& out, SseEvent const& event) {
  if (!event.event.empty()) append_line(out, "event", event.event);
  if (!event.id.empty()) append_line(out, "id", event.id);
  if (event.retry) append_line(out, "retry", std::to_string(event.retry->count()));
  append_data(out, event.data);
  out.push_back('\n');
}

void append_sse(std::string& out, std::string_view data) {
  append_data(out, data);
  out.push_back('\n');
}

Result<void> SseParser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    // CRLF is one line end, also when cut between the two.
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    auto const end = bytes.find_first_of("\r\n");
    auto const piece = bytes.substr(0, end);
    if (line_.size() + piece.size() + current_.data.size() > limit_) {
      return make_error(Code::too_large, "server-sent event too large");
    }
    line_.append(piece);
    if (end == std::string_view::npos) return {};
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    std::string_view text = line_;
    if (at_start_ && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    at_start_ = false;
    line(text);
    line_.clear();
    if (ready_.size() > kMaxReady) return make_error(Code::too_large, "too many events unread");
  }
  return {};
}

void SseParser::line(std::string_view text) {
  if (text.empty()) return dispatch();
  auto const colon = text.find(':');
  auto const name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) current_.data.push_back('\n');
    current_.data.append(value);
    has_data_ = true;
  } else if (name == "event") {
    current_.event.assign(value);
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_.assign(value);
  } else if (name == "retry") {
    std::uint32_t number = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && end == value.data() + value.size()) {
      current_.retry = std::chrono::milliseconds(number);
    }
  }
}

void SseParser::dispatch() {
  if (has_data_) {
    current_.id = last_id_;
    ready_.push_back(std::move(current_));
  }
  current_ = SseEvent{};
  has_data_ = false;
}

std::optional<SseEvent> SseParser::next() {
  if (ready_.empty()) return std::nullopt;
  auto event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

}  // namespace aw::http
