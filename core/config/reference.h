// SPDX-License-Identifier: Apache-2.0
// What the table says of itself: for `config explain`, docs/configuration.md, the JSON Schema, and
// completion. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::config {

// Every key a person can type after `config explain` or --set, in the order of the table.
[[nodiscard]] std::vector<std::string> all_keys();

// One setting as facts: key, help, type, default, allowed, variables, aliases, example, reloadable.
// A section gives its name, help and keys. Older names are followed. Code::config_unknown_key (with
// the nearest key as hint) for anything else.
[[nodiscard]] Result<nlohmann::json> explain(std::string_view key);
// The same for people.
[[nodiscard]] std::string explain_text(nlohmann::json const& facts);

// docs/configuration.md.
[[nodiscard]] std::string reference_page();

// JSON Schema, draft 2020-12, of a configuration file.
[[nodiscard]] nlohmann::ordered_json json_schema();

}  // namespace aw::config
