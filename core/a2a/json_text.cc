// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/json_text.h"

#include <algorithm>
#include <charconv>

namespace aw::a2a {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  auto const put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | (point >> 6U));
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3FU));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

std::optional<std::uint32_t> hex4(std::string_view text) {
  std::uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (ec != std::errc{} || end != text.data() + 4) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint32_t> json_unicode_escape(std::string_view text, std::size_t& used) {
  auto const high = hex4(text);
  if (!high || (*high >= 0xDC00 && *high <= 0xDFFF)) return std::nullopt;
  used = 4;
  if (*high < 0xD800 || *high > 0xDBFF) return high;
  if (text.size() < 10 || text[4] != '\\' || text[5] != 'u') return std::nullopt;
  auto const low = hex4(text.substr(6));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  used = 10;
  return 0x10000U + ((*high - 0xD800U) << 10U) + (*low - 0xDC00U);
}

char json_simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return '\0';
  }
}

std::string json_unescaped(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  while (!inside.empty()) {
    auto const plain = std::min(inside.find('\\'), inside.size());
    out.append(inside.substr(0, plain));
    inside.remove_prefix(plain);
    if (inside.size() < 2) break;
    if (inside[1] == 'u') {
      std::size_t used = 0;
      auto const point = json_unicode_escape(inside.substr(2), used);
      if (!point) break;
      append_utf8(out, *point);
      inside.remove_prefix(2 + used);
    } else {
      out.push_back(json_simple_escape(inside[1]));
      inside.remove_prefix(2);
    }
  }
  return out;
}

}  // namespace aw::a2a
