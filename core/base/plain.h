// SPDX-License-Identifier: Apache-2.0
// The beginning of a text that a JSON string holds as it is: eight bytes a step, because most of
// what a request writes and reads is such text. Pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace aw::text {

// How many bytes at the front are neither a control character, nor `"`, nor `\\`, nor above 0x7F.
[[nodiscard]] inline std::size_t plain_length(std::string_view text) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    // A byte's high bit is set in `x - kOnes` where x's byte was 0 (borrows spoil only what stands
    // above a found byte, and the lowest found one counts).
    auto const quote = word ^ (kOnes * '"');
    auto const backslash = word ^ (kOnes * '\\');
    auto const found =
        (((word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) | word) & kHighs;
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; at < text.size(); ++at) {
    auto const c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

}  // namespace aw::text
