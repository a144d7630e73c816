// SPDX-License-Identifier: Apache-2.0
// The beginning of a text that a JSON string holds as it is: many bytes a step, because most of
// what a request writes and reads is such text. Pure.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aw::text {

namespace detail {

// One bit a byte, the first byte's lowest: set where the byte is not plain. Of several set bits
// only the lowest is sure.
#if defined(__SSE2__)

// Bytes looked at in one step. `special` reads exactly so many: who calls it has checked the
// length.
inline constexpr std::size_t kStep = 16;
[[nodiscard]] inline std::uint32_t special(__m128i text) {
  // Signed: bytes above 0x7F are negative, so that they are below 0x20 too.
  auto const found = _mm_or_si128(_mm_cmplt_epi8(text, _mm_set1_epi8(0x20)),
                                  _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')),
                                               _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(found));
}
[[nodiscard]] inline std::uint32_t special(char const* bytes) {
  return special(_mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes)));
}
// Of less than a step: its first and last bytes side by side, which may overlap.
[[nodiscard]] inline bool short_and_plain(std::string_view text) {
  if (text.size() >= 8) {
    auto const half = [](char const* bytes) {
      return _mm_loadl_epi64(reinterpret_cast<__m128i const*>(bytes));
    };
    return special(_mm_unpacklo_epi64(half(text.data()), half(text.data() + text.size() - 8))) == 0;
  }
  if (text.size() < 4) return false;
  constexpr int kBlanks = 0x20202020;
  int front = 0;
  int back = 0;
  std::memcpy(&front, text.data(), 4);
  std::memcpy(&back, text.data() + text.size() - 4, 4);
  return special(_mm_set_epi32(kBlanks, kBlanks, back, front)) == 0;
}
// The place of the first byte that is not plain; `found` is not 0.
[[nodiscard]] inline std::size_t first(std::uint32_t found) {
  return static_cast<std::size_t>(std::countr_zero(found));
}

#else

// Without SSE2: eight bytes in a word, the first byte lowest, by the well-known test for a zero
// byte.
static_assert(std::endian::native == std::endian::little);
inline constexpr std::size_t kStep = 8;
[[nodiscard]] inline std::uint64_t special(char const* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  auto const quote = word ^ (kOnes * '"');
  auto const backslash = word ^ (kOnes * '\\');
  // A byte's high bit is set in `x - kOnes` where x's byte was 0; borrows spoil what stands above.
  return (((word - kOnes * 0x20) | (quote - kOnes) | (backslash - kOnes)) | word) & kHighs;
}
[[nodiscard]] inline std::size_t first(std::uint64_t found) {
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}
// Never sure here: the caller then looks byte by byte, which is right, only slower.
[[nodiscard]] inline bool short_and_plain(std::string_view) { return false; }

#endif

}  // namespace detail

// How many bytes at the front are neither a control character, nor `"`, nor `\\`, nor above 0x7F.
// So many bytes may be copied into a JSON string unescaped, and hold no UTF-8 to check. Never
// reads beyond `text`.
[[nodiscard]] inline std::size_t plain_length(std::string_view text) {
  std::size_t at = 0;
  if (text.size() < detail::kStep) {
    if (detail::short_and_plain(text)) return text.size();
  } else {
    for (; at + detail::kStep <= text.size(); at += detail::kStep) {
      if (auto const found = detail::special(text.data() + at); found != 0)
        return at + detail::first(found);
    }
    // What is left, with some of what was looked at already: mostly it is plain to the end.
    if (detail::special(text.data() + text.size() - detail::kStep) == 0) return text.size();
  }
  for (; at < text.size(); ++at) {
    auto const c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

}  // namespace aw::text
