// SPDX-License-Identifier: Apache-2.0
// HTTP/2 by hand: frames and header blocks that no client would send. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aw::http::testing {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum Type : char {
  data = 0,
  headers = 1,
  priority = 2,
  reset = 3,
  settings = 4,
  ping = 6,
  goaway = 7,
  window = 8,
  continuation = 9
};
inline constexpr char kEndStream = 1;
inline constexpr char kEndHeaders = 4;

inline std::string frame(Type type, char flags, std::uint32_t stream, std::string_view payload) {
  std::string out;
  for (int shift = 16; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(payload.size() >> shift));
  out.push_back(type);
  out.push_back(flags);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(stream >> shift));
  return out.append(payload);
}

// HPACK without compression: literal fields, new names.
inline std::string field(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  for (auto const text : {name, value}) {
    if (text.size() < 127) {
      out.push_back(static_cast<char>(text.size()));
    } else {
      out.push_back(127);
      auto rest = text.size() - 127;
      for (; rest >= 128; rest /= 128) out.push_back(static_cast<char>(rest % 128 + 128));
      out.push_back(static_cast<char>(rest));
    }
    out.append(text);
  }
  return out;
}

inline std::string get(std::string_view path = "/x") {
  return field(":method", "GET") + field(":scheme", "http") + field(":path", path) +
         field(":authority", "a");
}

inline std::string hello() { return std::string(kPreface) + frame(settings, 0, 0, ""); }

// A connection's beginning with a request whose body, 39,000 bytes of it, does not end.
inline std::string half_post() {
  std::string out = hello() + frame(headers, kEndHeaders, 1,
                                    field(":method", "POST") + field(":scheme", "http") +
                                        field(":path", "/x") + field(":authority", "a"));
  for (int i = 0; i < 3; ++i) out += frame(data, 0, 1, std::string(13'000, 'x'));
  return out;
}

}  // namespace aw::http::testing
