// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_body.h"

#include <algorithm>
#include <charconv>

namespace aw::http {

namespace {

// A chunk-size line: 15 digits say more than any limit here.
constexpr std::size_t kMaxSizeLine = 256;
constexpr std::size_t kMaxTrailerLine = 4096;
constexpr std::size_t kMaxTrailers = 32;
// All extensions and trailers of one body: they carry nothing, so they may not cost anything.
constexpr std::size_t kMaxOverhead = 16U << 10;

std::unexpected<Fault> too_large() {
  return std::unexpected(Fault{.code = Code::too_large, .status = 413, .what = "body too large"});
}

}  // namespace

std::expected<void, Fault> BodyDecoder::begin(Framing const& framing, std::size_t max_body) {
  line_.clear();
  overhead_ = 0;
  trailers_.clear();
  room_ = max_body;
  left_ = framing.length;
  switch (framing.body) {
    case BodyKind::none:
      state_ = State::done;
      break;
    case BodyKind::length:
      if (framing.length > max_body) return too_large();
      state_ = State::content;
      break;
    case BodyKind::chunked:
      state_ = State::size;
      break;
    case BodyKind::until_close:
      state_ = State::until_close;
      break;
  }
  return {};
}

std::expected<std::size_t, Fault> BodyDecoder::feed(std::string_view bytes, std::string& out) {
  switch (state_) {
    case State::done:
      return 0;
    case State::content:
    case State::until_close:
      return content(bytes, out);
    case State::size:
    case State::chunk:
    case State::chunk_end:
    case State::trailers:
      break;
  }
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::done) {
    auto const step = chunked(bytes.substr(used), out);
    if (!step) return step;
    used += *step;
  }
  return used;
}

std::expected<void, Fault> BodyDecoder::closed() {
  if (state_ == State::until_close) state_ = State::done;
  if (state_ != State::done) return malformed_message("body cut off");
  return {};
}

std::expected<std::size_t, Fault> BodyDecoder::content(std::string_view bytes, std::string& out) {
  auto const take = state_ == State::content
                        ? std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(left_))
                        : bytes.size();
  if (take > room_) return too_large();
  out.append(bytes.substr(0, take));
  room_ -= take;
  if (state_ == State::content) {
    left_ -= take;
    if (left_ == 0) state_ = State::done;
  }
  return take;
}

// One step: a line, or some of a chunk.
std::expected<std::size_t, Fault> BodyDecoder::chunked(std::string_view bytes, std::string& out) {
  if (state_ != State::chunk) return line(bytes);
  auto const take = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(left_));
  out.append(bytes.substr(0, take));
  left_ -= take;
  if (left_ == 0) state_ = State::chunk_end;
  return take;
}

std::expected<std::size_t, Fault> BodyDecoder::line(std::string_view bytes) {
  auto const end = bytes.find('\n');
  auto const take = end == std::string_view::npos ? bytes.size() : end + 1;
  auto const most = state_ == State::trailers ? kMaxTrailerLine : kMaxSizeLine;
  if (line_.size() + take > most) return malformed_message("chunk line too long");
  line_.append(bytes.substr(0, take));
  if (end == std::string_view::npos) return take;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r')
    return malformed_message("chunk line without CR");
  std::string_view const text(line_.data(), line_.size() - 2);
  std::expected<void, Fault> read;
  if (state_ == State::chunk_end) {
    if (!text.empty()) return malformed_message("chunk longer than its size");
    state_ = State::size;
  } else {
    read = state_ == State::size ? size_line(text) : trailer_line(text);
  }
  line_.clear();
  if (!read) return std::unexpected(read.error());
  return take;
}

// RFC 9112 §7.1: hexadecimal digits, then nothing or extensions, which mean nothing to us.
std::expected<void, Fault> BodyDecoder::size_line(std::string_view text) {
  auto const digits = text.substr(0, text.find_first_not_of("0123456789abcdefABCDEF"));
  auto const extension = text.substr(digits.size());
  if (digits.empty() || digits.size() > 15) return malformed_message("malformed chunk size");
  if (!extension.empty() && (extension.front() != ';' || !is_field_value(extension))) {
    return malformed_message("malformed chunk extension");
  }
  overhead_ += extension.size();
  if (overhead_ > kMaxOverhead) return malformed_message("too many chunk extensions");
  std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (left_ > room_) return too_large();
  room_ -= left_;
  state_ = left_ == 0 ? State::trailers : State::chunk;
  return {};
}

std::expected<void, Fault> BodyDecoder::trailer_line(std::string_view text) {
  if (text.empty()) {
    state_ = State::done;
    return {};
  }
  overhead_ += text.size();
  if (trailers_.size() == kMaxTrailers || overhead_ > kMaxOverhead) {
    return std::unexpected(
        Fault{.code = Code::too_large, .status = 431, .what = "too many trailers"});
  }
  FieldBlock fields;
  auto const read = fields.line(text, trailers_);
  if (read && fields.lengths + fields.encodings + fields.hosts > 0) {
    return malformed_message("framing field in a trailer");
  }
  return read;
}

}  // namespace aw::http
