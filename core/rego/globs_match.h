// SPDX-License-Identifier: Apache-2.0
// Do two patterns of characters, `.`, classes, `*` and `+` match some text in common? Bounded.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace aw::rego {

// Code::policy_builtin for a malformed pattern, or one of more than 2 000 parts. Looks at 4 000
// 000 pairs of places at most; what is not found among them is answered with false.
[[nodiscard]] Result<bool> globs_intersect(std::string_view a, std::string_view b);

}  // namespace aw::rego
