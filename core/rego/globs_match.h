// SPDX-License-Identifier: Apache-2.0
// Do two patterns of characters, `.`, classes, `*` and `+` match some text in common? Bounded.
#pragma once

#include <functional>
#include <string_view>

#include "core/base/result.h"

namespace aw::rego {

// Code::policy_builtin for a malformed pattern, or one of more than 2 000 parts. Code::timeout when
// 4 000 000 pairs of places were looked at without an answer, or when `interrupted` says so (asked
// now and then).
[[nodiscard]] Result<bool> globs_intersect(std::string_view left, std::string_view right,
                                           std::function<bool()> const& interrupted);

}  // namespace aw::rego
