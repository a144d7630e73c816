// SPDX-License-Identifier: Apache-2.0
// The upper and the lower case of one character, as Unicode's simple mappings (and Go) have them.
// Pure.
#pragma once

#include "core/rego/utf8.h"

namespace aw::rego {

// The character itself where it has none.
[[nodiscard]] Rune lower_case(Rune rune);
[[nodiscard]] Rune upper_case(Rune rune);

}  // namespace aw::rego
