// SPDX-License-Identifier: Apache-2.0
// How Go's fmt writes a double: shortest, with so many digits, in powers of two. Pure, any thread.
#pragma once

#include <optional>
#include <string>

#include "core/rego/format_verb.h"

namespace aw::rego {

// Not padded to the width. nullopt: the verb is none of v e E f F g G b x X. Precondition: finite.
[[nodiscard]] std::optional<std::string> double_text(VerbSpec const& spec, double number);

}  // namespace aw::rego
