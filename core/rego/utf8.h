// SPDX-License-Identifier: Apache-2.0
// Runes: reading and writing UTF-8 as Go does, an invalid byte being U+FFFD. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aw::rego {

using Rune = std::uint32_t;
inline constexpr Rune kReplacement = 0xFFFD;

// The rune at `at`, which moves behind it. Precondition: at < text.size().
[[nodiscard]] Rune next_rune(std::string_view text, std::size_t& at);
// What is no rune (a surrogate, too large) becomes U+FFFD.
void append_utf8(std::string& out, Rune rune);
[[nodiscard]] std::vector<Rune> to_runes(std::string_view text);
[[nodiscard]] std::string from_runes(std::vector<Rune> const& runes);
// What OPA calls the length of a string.
[[nodiscard]] std::size_t rune_count(std::string_view text);

}  // namespace aw::rego
