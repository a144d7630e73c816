// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/grpc_frame.h"

#include <array>
#include <charconv>

#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kGrpcPrefix = 5;

struct TimeoutUnit {
  char letter;
  std::chrono::nanoseconds length;
};
constexpr std::array kTimeoutUnits = {
    TimeoutUnit{'H', std::chrono::hours(1)},        TimeoutUnit{'M', std::chrono::minutes(1)},
    TimeoutUnit{'S', std::chrono::seconds(1)},      TimeoutUnit{'m', std::chrono::milliseconds(1)},
    TimeoutUnit{'u', std::chrono::microseconds(1)}, TimeoutUnit{'n', std::chrono::nanoseconds(1)},
};

// Longer than any call lives; also keeps hours from overflowing nanoseconds.
constexpr std::chrono::nanoseconds kLongestTimeout = std::chrono::hours(24 * 365);

std::size_t prefix_length(std::string_view prefix) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < kGrpcPrefix; ++i)
    length = length << 8U | static_cast<unsigned char>(prefix[i]);
  return length;
}

}  // namespace

Result<std::optional<std::string>> GrpcFrames::next() {
  if (held_.size() < kGrpcPrefix) return std::optional<std::string>();
  if (held_[0] == 1)
    return make_error(Code::unsupported_encoding, "compressed messages are not supported");
  if (held_[0] != 0) return make_error(Code::request_malformed, "the message's prefix is wrong");
  auto const length = prefix_length(held_);
  if (length > limit_) return make_error(Code::too_large, "the message is too large");
  if (held_.size() < kGrpcPrefix + length) return std::optional<std::string>();
  std::optional<std::string> message(held_.substr(kGrpcPrefix, length));
  held_.erase(0, kGrpcPrefix + length);
  return message;
}

void append_grpc_frame(std::string& out, std::string_view message) {
  out.push_back('\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((message.size() >> static_cast<unsigned>(shift)) & 0xFFU));
  out.append(message);
}

std::optional<std::chrono::nanoseconds> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t count = 0;
  auto const digits = text.substr(0, text.size() - 1);
  auto const [at, ec] = std::from_chars(digits.begin(), digits.end(), count);
  if (ec != std::errc{} || at != digits.end() || count < 0) return std::nullopt;
  for (auto const& unit : kTimeoutUnits) {
    if (unit.letter != text.back()) continue;
    if (count > kLongestTimeout / unit.length) return kLongestTimeout;
    return unit.length * count;
  }
  return std::nullopt;
}

std::string grpc_message_of(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '%') {
      out.push_back(c);
      continue;
    }
    out.push_back('%');
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 0xFU]);
  }
  return out;
}

std::string grpc_text_of(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    unsigned byte = 0;
    auto const* const digits = message.data() + i + 1;
    bool const escape = message[i] == '%' && message.size() - i > 2 &&
                        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    out.push_back(escape ? static_cast<char>(byte) : message[i]);
    if (escape) i += 2;
  }
  return out;
}

bool is_grpc(http::Request const& head) {
  if (head.version != http::Version::http2 || head.method != "POST") return false;
  auto const value = head.headers.get("content-type").value_or(std::string_view());
  auto const type = text::lower(text::trim(value.substr(0, value.find(';'))));
  return type == "application/grpc" || type == "application/grpc+proto";
}

}  // namespace aw::a2a
