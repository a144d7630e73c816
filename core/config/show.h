// SPDX-License-Identifier: Apache-2.0
// The configuration in force, for people: merged, redacted, with the origin of each value.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/config/field.h"
#include "core/config/load.h"

namespace aw::config {

// One value in force. Secrets are masked.
struct Setting {
  std::string key;
  std::string value;   // as YAML
  std::string origin;  // "a.yaml:3:4", a variable, a flag, or "default"
};

[[nodiscard]] std::vector<Setting> settings(Loaded const& loaded);

// A file, directory or program that the configuration names.
struct NamedPath {
  std::string key;    // "secrets.values[1].file"
  std::string place;  // where it was given; "default" when nowhere
  std::string path;   // of a command its first word
  PathUse use = PathUse::read;
};

// All of them, in the order of the table; what is empty is left out. Nothing is looked at.
[[nodiscard]] std::vector<NamedPath> named_paths(Loaded const& loaded);

// As one document, in the order of the table; what is empty is left out.
[[nodiscard]] nlohmann::ordered_json document(Config const& config);

// The same as YAML text.
[[nodiscard]] std::string yaml_document(Config const& config);

// Only what files, variables and flags gave, under the names of the table.
[[nodiscard]] nlohmann::ordered_json given_document(Loaded const& loaded);
// Any of these documents as YAML text.
[[nodiscard]] std::string yaml_of(nlohmann::ordered_json const& document);

}  // namespace aw::config
