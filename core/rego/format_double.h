// SPDX-License-Identifier: Apache-2.0
// How Go's fmt writes a double: shortest, with so many digits, in powers of two. Pure, any thread.
#pragma once

#include <optional>
#include <string>

#include "core/rego/format_verb.h"

namespace aw::rego {

// Without its sign and not padded. `verb` stands for the spec's own; nullopt: it is none of
// v e E f F g G b x X. Precondition: finite.
[[nodiscard]] std::optional<std::string> double_text(VerbSpec const& spec, Rune verb,
                                                     double number);

}  // namespace aw::rego
