// SPDX-License-Identifier: Apache-2.0
// Changes of input or data that may make one expression hold, or stop holding. Pure; guesses, to be
// tried by near_miss.h.
#pragma once

#include <vector>

#include "core/rego/why.h"

namespace aw::rego {

// Empty when no way is known; the caller bounds what it keeps of them.
[[nodiscard]] std::vector<NearMiss> ways_to_hold(SeenExpr const& seen);
[[nodiscard]] std::vector<NearMiss> ways_to_break(SeenExpr const& seen);

// One change, with its path and text.
[[nodiscard]] NearMiss set_value(Origin const& at, Value const& before, Value const& after);
[[nodiscard]] NearMiss add_member(Origin const& at, Value const& member);
[[nodiscard]] NearMiss remove_member(Origin const& at, Value const& member);

}  // namespace aw::rego
