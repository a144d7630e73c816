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
// Empty parts stay: "a,,b" has three, "" has one. Nothing is trimmed.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);
// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

// The candidate that a mistyped `word` most likely meant; nullopt when none is near
// (Damerau-Levenshtein ≤ 1 + len/4).
// Of two as near the first. Cost is the product of the lengths: give it names, not foreign
// megabytes.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

// Lower case, two digits a byte. The base64 of to_base64 is padded (RFC 4648 §4).
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::string to_base64url(std::string_view bytes);  // without padding, RFC 4648 §5
// Padding optional; nullopt on any foreign character or impossible length.
// Line breaks and spaces are foreign too; bits left over at the end are ignored.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
// Would one of the two read it, with padding that fits its length if any? Allocates nothing.
[[nodiscard]] bool is_base64(std::string_view text);

// For terminals and logs: control characters become \xNN, so that foreign text cannot move the
// cursor or forge a line.
// C0, DEL, C1 and bytes that are no UTF-8 are escaped; a backslash stays as it is, so this is for
// eyes, not to be read back.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace aw::text
