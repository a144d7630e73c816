// SPDX-License-Identifier: Apache-2.0
// Text between quotation marks as Go writes it. Pure functions: any thread, no errors.
#pragma once

#include <string>
#include <string_view>

#include "core/rego/utf8.h"

namespace aw::rego {

// What stays as it is: all that Go prints, or of that only ASCII.
enum class GoQuote { printable, ascii };

// Between two of `mark`, which is '"' or '\''; bytes that are no UTF-8 as \x escapes.
[[nodiscard]] std::string go_quote(std::string_view text, char mark, GoQuote how);

// Letters, marks, numbers, punctuation, symbols and the ASCII space. A rune that Unicode has not
// given away counts as printed, outside the ranges that it never will.
[[nodiscard]] bool go_prints(Rune rune);

// Whether the text can stand between `backquotes` unchanged.
[[nodiscard]] bool go_can_backquote(std::string_view text);

}  // namespace aw::rego
