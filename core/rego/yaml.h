// SPDX-License-Identifier: Apache-2.0
// YAML into values, as OPA reads it: through JSON, so keys are text. Bounded; anchors may not
// explode.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::rego {

// The first document. Code::policy_data, with the line: malformed, 200 000 nodes (aliases
// followed), 100 levels of nesting.
[[nodiscard]] Result<Value> parse_yaml(std::string_view text);
// Block style, as OPA's yaml.marshal writes it.
[[nodiscard]] std::string to_yaml(Value const& value);

}  // namespace aw::rego
