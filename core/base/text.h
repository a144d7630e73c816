// SPDX-License-Identifier: Apache-2.0
// Small questions about text. Pure functions; views point into their arguments.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aw::text {

[[nodiscard]] std::string_view trim(std::string_view text);  // spaces and tabs, CR, LF
[[nodiscard]] std::string lower(std::string_view text);      // ASCII only
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII only
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
[[nodiscard]] bool is_utf8(std::string_view text);

// The candidate that a mistyped `word` most likely meant; nullopt when none is near
// (Damerau-Levenshtein ≤ 1 + len/4).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::string to_base64url(std::string_view bytes);  // without padding, RFC 4648 §5
// Padding optional; nullopt on any foreign character or impossible length.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

// For terminals and logs: control characters become \xNN, so that foreign text cannot move the
// cursor or forge a line.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace aw::text
