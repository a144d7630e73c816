// SPDX-License-Identifier: Apache-2.0
// Foreign text inside HTML and XML. Pure.
#pragma once

#include <string>
#include <string_view>

namespace aw::text {

// & < > " ' as entities: safe between tags and inside quoted attributes, nowhere else (not in
// scripts, styles or URLs). Bytes that are no UTF-8 pass through as they are.
[[nodiscard]] std::string escape_markup(std::string_view text);
// The same where control characters, U+FFFE, U+FFFF and what is no UTF-8 have no place: they are
// shown, as `printable` does.
[[nodiscard]] std::string escape_xml(std::string_view text);

}  // namespace aw::text
