// SPDX-License-Identifier: Apache-2.0
// Foreign text inside HTML and XML. Pure.
#pragma once

#include <string>
#include <string_view>

namespace aw::text {

// & < > " ' as entities: safe between tags and inside quoted attributes, nowhere else (not in
// scripts, styles or URLs). XML has no place for control characters; `printable` goes first.
// Bytes that are no UTF-8 pass through as they are.
[[nodiscard]] std::string escape_markup(std::string_view text);

}  // namespace aw::text
