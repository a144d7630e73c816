// SPDX-License-Identifier: Apache-2.0
// One UTF-8 character at a time. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace aw::text {

// How many bytes the character at the front has; 0 when it is no valid UTF-8 (overlong, surrogate,
// cut short …).
// 1 to 4. Looks at no more of `text` than that.
[[nodiscard]] std::size_t utf8_length(std::string_view text);
// How many bytes from the front are UTF-8; all of them when is_utf8 (text.h).
[[nodiscard]] std::size_t utf8_prefix(std::string_view text);

}  // namespace aw::text
