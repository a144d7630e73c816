// SPDX-License-Identifier: Apache-2.0
// Do two patterns of characters, `.`, classes, `*` and `+` match some text in common? Bounded.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace aw::rego {

[[nodiscard]] Result<bool> globs_intersect(std::string_view a, std::string_view b);

}  // namespace aw::rego
