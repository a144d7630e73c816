// SPDX-License-Identifier: Apache-2.0
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

struct Shape {
  unsigned length;
  Rune lead;      // bits of the first byte
  Rune smallest;  // anything below is overlong
};

Shape shape_of(unsigned char first) {
  if (first >= 0xC2 && first < 0xE0) return {2, first & 0x1FU, 0x80};
  if (first >= 0xE0 && first < 0xF0) return {3, first & 0x0FU, 0x800};
  if (first >= 0xF0 && first < 0xF5) return {4, first & 0x07U, 0x10000};
  return {1, kReplacement, 0};
}

bool is_rune(Rune rune) { return rune < 0xD800 || (rune > 0xDFFF && rune <= 0x10FFFF); }

}  // namespace

Rune next_rune(std::string_view text, std::size_t& at) {
  auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  Shape shape = shape_of(first);
  Rune rune = shape.lead;
  bool whole = shape.length > 1 && text.size() - at >= shape.length;
  for (unsigned i = 1; whole && i < shape.length; ++i) {
    auto next = static_cast<unsigned char>(text[at + i]);
    whole = (next & 0xC0U) == 0x80;
    rune = (rune << 6U) | (next & 0x3FU);
  }
  if (!whole || rune < shape.smallest || !is_rune(rune)) {
    ++at;
    return kReplacement;
  }
  at += shape.length;
  return rune;
}

void append_utf8(std::string& out, Rune rune) {
  if (!is_rune(rune)) rune = kReplacement;
  auto put = [&out](Rune byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (rune < 0x80) return put(rune);
  if (rune < 0x800) {
    put(0xC0U | (rune >> 6U));
  } else {
    if (rune < 0x10000) {
      put(0xE0U | (rune >> 12U));
    } else {
      put(0xF0U | (rune >> 18U));
      put(0x80U | ((rune >> 12U) & 0x3FU));
    }
    put(0x80U | ((rune >> 6U) & 0x3FU));
  }
  put(0x80U | (rune & 0x3FU));
}

std::vector<Rune> to_runes(std::string_view text) {
  std::vector<Rune> runes;
  runes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) runes.push_back(next_rune(text, at));
  return runes;
}

std::string from_runes(std::vector<Rune> const& runes) {
  std::string out;
  out.reserve(runes.size());
  for (Rune rune : runes) append_utf8(out, rune);
  return out;
}

std::size_t rune_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) (void)next_rune(text, at);  // only counted
  return count;
}

}  // namespace aw::rego
