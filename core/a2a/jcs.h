// SPDX-License-Identifier: Apache-2.0
// The one spelling of a JSON value that signatures are made over: RFC 8785 (JCS).
//
// Pure; any thread.
#pragma once

#include <string>

#include "core/base/json.h"

namespace aw::a2a {

// Members sorted by their UTF-16 code units, numbers as ECMAScript prints them, no white space.
[[nodiscard]] std::string canonical_json(json::Json const& value);

// ECMAScript's Number::toString (ECMA-262 §6.1.6.1.20); not finite = "null".
[[nodiscard]] std::string ecmascript_number(double value);

}  // namespace aw::a2a
