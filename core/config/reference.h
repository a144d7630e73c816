// SPDX-License-Identifier: Apache-2.0
// What the table says of itself: for `config explain`, docs/configuration.md and the JSON Schema.
// Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::config {

// One setting as facts: key, help, type, default, allowed, variables, aliases, example, reloadable.
// A section gives its name, help and keys. Older names are followed. Code::config_unknown_key (with
// the nearest key as hint) for anything else.
// Code::config_unsupported for a name that is known and refused, with why. Indices may be
// written, or left out: peers[0].id, peers[].id and peers.id are one.
[[nodiscard]] Result<nlohmann::json> explain(std::string_view key);
// The same for people.
// `facts` is what `explain` returned, of either kind.
[[nodiscard]] std::string explain_text(nlohmann::json const& facts);

// docs/configuration.md.
// Markdown; a test compares it with the file.
[[nodiscard]] std::string reference_page();

// JSON Schema, draft 2020-12, of a configuration file.
// For editors: what it lets through is checked again by the loader. Older spellings are in it,
// marked deprecated; every value may be a ${VARIABLE}.
[[nodiscard]] nlohmann::ordered_json json_schema();

}  // namespace aw::config
