// SPDX-License-Identifier: Apache-2.0
// JSON values as YAML text, for `-o yaml`.
//
// Pure; any thread. Every string that YAML could read as something else is quoted, so that a YAML
// reader gets back exactly the JSON that went in (YAML 1.2 §10.3).
#pragma once

#include <string>

#include "core/base/json.h"

namespace aw::commands {

// A block-style document, ending in a line feed. Depth is bounded by the value's own.
[[nodiscard]] std::string to_yaml(json::Json const& value);

}  // namespace aw::commands
