// SPDX-License-Identifier: Apache-2.0
// The escapes of JSON strings (RFC 8259 §7), for those who read JSON as text. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aw::a2a {

inline bool json_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The code point that the text behind a "\u" begins with, a surrogate pair being one; `used` is how
// many bytes it takes. Nothing when there is none: half a pair is none.
[[nodiscard]] std::optional<std::uint32_t> json_unicode_escape(std::string_view text,
                                                               std::size_t& used);
// What a backslash before `c` means; NUL when it means nothing, or is a "\u".
[[nodiscard]] char json_simple_escape(char c);
// `inside`: the bytes between the quotes of a string that was checked.
[[nodiscard]] std::string json_unescaped(std::string_view inside);

}  // namespace aw::a2a
