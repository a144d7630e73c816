// SPDX-License-Identifier: Apache-2.0
#include "core/rego/base64.h"

#include <cstdint>

namespace aw::rego {
namespace {

int digit(char c, Base64 form) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (form == Base64::standard ? '+' : '-')) return 62;
  if (c == (form == Base64::standard ? '/' : '_')) return 63;
  return -1;
}

Error bad(std::size_t at) {
  return make_error(Code::policy_builtin,
                    "illegal base64 data at input byte " + std::to_string(at));
}

}  // namespace

Result<std::string> decode_base64(std::string_view text, Base64 form) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;  // digits of the current four
  std::size_t at = 0;
  auto skip_lines = [&] {
    while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
  };
  for (skip_lines(); at < text.size(); skip_lines()) {
    if (text[at] == '=' && form != Base64::url_raw) {
      if (count < 2) return bad(at);
      for (int missing = 4 - count; missing > 0; --missing) {
        skip_lines();
        if (at >= text.size() || text[at] != '=') return bad(at >= text.size() ? text.size() : at);
        ++at;
      }
      skip_lines();
      if (at < text.size()) return bad(at);
      out += static_cast<char>(bits >> (count == 2 ? 4U : 10U));
      if (count == 3) out += static_cast<char>(bits >> 2U);
      return out;
    }
    int value = digit(text[at], form);
    if (value < 0) return bad(at);
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    ++at;
    if (++count < 4) continue;
    out += static_cast<char>(bits >> 16U);
    out += static_cast<char>(bits >> 8U);
    out += static_cast<char>(bits);
    bits = 0;
    count = 0;
  }
  if (count == 0) return out;
  if (form != Base64::url_raw || count == 1)
    return bad(text.size() - static_cast<std::size_t>(count));
  out += static_cast<char>(bits >> (count == 2 ? 4U : 10U));
  if (count == 3) out += static_cast<char>(bits >> 2U);
  return out;
}

}  // namespace aw::rego
