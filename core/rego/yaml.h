// SPDX-License-Identifier: Apache-2.0
// YAML into values, as OPA reads it: through JSON, so keys are text. Bounded; anchors may not
// explode.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::rego {

[[nodiscard]] Result<Value> parse_yaml(std::string_view text);
[[nodiscard]] std::string to_yaml(Value const& value);

}  // namespace aw::rego
