// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/utf8.h"

namespace aw::text {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// C0, DEL, and C1, which terminals obey too (U+009B opens a control sequence).
bool is_control(std::string_view character) {
  auto const first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t const left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= left) {
        out += alphabet[group >> (18 - 6 * j) & 63];
      } else if (pad) {
        out += '=';
      }
    }
  }
  return out;
}

// What each character stands for; kForeign for those that are none of the alphabet's.
constexpr std::uint8_t kForeign = 0xFF;
using Sextets = std::array<std::uint8_t, 256>;
constexpr Sextets sextets_of(std::string_view alphabet) {
  Sextets out{};
  out.fill(kForeign);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}
constexpr Sextets kSextets = sextets_of(kBase64);
constexpr Sextets kSextetsUrl = sextets_of(kBase64Url);

bool all_of(std::string_view text, Sextets const& sextets) {
  return std::ranges::all_of(
      text, [&](char c) { return sextets[static_cast<unsigned char>(c)] != kForeign; });
}

std::optional<std::string> decode(std::string_view text, Sextets const& sextets) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t group = 0;
  int bits = 0;
  for (char c : text) {
    auto const value = sextets[static_cast<unsigned char>(c)];
    if (value == kForeign) return std::nullopt;
    group = group << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xFF);
    }
  }
  return out;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const swap = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + swap});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  auto const begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    auto const at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  auto const first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  if ((first >> 5) == 6) length = 2;
  if ((first >> 4) == 14) length = 3;
  if ((first >> 3) == 30) length = 4;
  if (length == 0 || text.size() < length) return 0;
  std::uint32_t point = first & (0x7FU >> length);
  for (char const c : text.substr(1, length - 1)) {
    auto const next = static_cast<unsigned char>(c);
    if ((next >> 6) != 2) return 0;
    point = point << 6 | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  bool const surrogate = point >= 0xD800 && point <= 0xDFFF;
  return point < kLeast[length] || point > 0x10FFFF || surrogate ? 0 : length;
}

std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t const length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = 2 + word.size() / 4;
  for (auto candidate : candidates) {
    std::size_t const d = distance(word, candidate);
    // What keeps no character of a short word is not what it meant.
    if (d < best_distance && d < word.size()) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

std::string to_hex(std::string_view bytes) {
  std::string out(bytes.size() * 2, '\0');
  char* at = out.data();
  for (char c : bytes) {
    *at++ = kHex[static_cast<unsigned char>(c) >> 4];
    *at++ = kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string to_base64(std::string_view bytes) { return encode(bytes, kBase64, true); }
std::string to_base64url(std::string_view bytes) { return encode(bytes, kBase64Url, false); }
std::optional<std::string> from_base64(std::string_view text) { return decode(text, kSextets); }
std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, kSextetsUrl);
}
bool is_base64(std::string_view text) {
  auto const padding = text.size() - (text.find_last_not_of('=') + 1);
  auto const body = text.substr(0, text.size() - padding);
  if (body.size() % 4 == 1 || (padding > 0 && (padding > 2 || text.size() % 4 != 0))) return false;
  return all_of(body, kSextets) || all_of(body, kSextetsUrl);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t const length = utf8_length(text);
    auto const part = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(part)) {
      append_escaped(out, part);
    } else {
      out += part;
    }
    text.remove_prefix(part.size());
  }
  return out;
}

}  // namespace aw::text
