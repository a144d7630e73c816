// SPDX-License-Identifier: Apache-2.0
#include "core/rego/go_quote.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

namespace aw::rego {
namespace {

struct RuneRange {
  Rune first;
  Rune last;
};

// Controls, formats, separators, surrogates, private use and noncharacters below U+F0000.
constexpr RuneRange kUnprinted[] = {
    {0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},
    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},
    {0x8E2, 0x8E2},     {0x1680, 0x1680},   {0x180E, 0x180E},   {0x2000, 0x200F},
    {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},
    {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD},
    {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE00FF},
};

void append_escaped(std::string& out, Rune rune) {
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (rune < 0x80) {
    if (auto const at = kEscaped.find(static_cast<char>(rune)); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
      return;
    }
  }
  std::array<char, 12> buffer{};
  char const* const form = rune < ' ' || rune == 0x7F ? "\\x%02x"
                           : rune < 0x10000           ? "\\u%04x"
                                                      : "\\U%08x";
  // One of the three above.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
  std::snprintf(buffer.data(), buffer.size(), form, static_cast<unsigned>(rune));
#pragma clang diagnostic pop
  out += buffer.data();
}

}  // namespace

bool go_prints(Rune rune) {
  if (rune >= 0xF0000 || (rune & 0xFFFEU) == 0xFFFEU) return false;
  return std::ranges::none_of(kUnprinted, [rune](RuneRange const& range) {
    return range.first <= rune && rune <= range.last;
  });
}

std::string go_quote(std::string_view text, char mark, GoQuote how) {
  std::string out(1, mark);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const begin = at;
    Rune const rune = next_rune(text, at);
    if (rune == kReplacement && at == begin + 1) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(text[begin])));
      out += buffer.data();
    } else if (rune == static_cast<unsigned char>(mark) || rune == '\\') {
      out += '\\';
      out += static_cast<char>(rune);
    } else if (go_prints(rune) && (rune < 0x80 || how == GoQuote::printable)) {
      append_utf8(out, rune);
    } else {
      append_escaped(out, rune);
    }
  }
  return out + mark;
}

bool go_can_backquote(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const begin = at;
    Rune const rune = next_rune(text, at);
    bool const broken = rune == kReplacement && at == begin + 1;
    if (broken || rune == '`' || rune == 0x7F || rune == 0xFEFF) return false;
    if (rune < ' ' && rune != '\t') return false;
  }
  return true;
}

}  // namespace aw::rego
