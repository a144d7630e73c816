// SPDX-License-Identifier: Apache-2.0
// Reads members of a document that another machine sent, and that may be of any shape.
#pragma once

#include <string>

#include "core/base/json.h"

namespace aw::commands {

// Null when `object` is no object or has no such member.
[[nodiscard]] json::Json member(json::Json const& object, char const* name);
// Fit for a terminal (control characters escaped); empty when there is no such member or it is no
// string.
[[nodiscard]] std::string text_at(json::Json const& object, char const* name);

}  // namespace aw::commands
