// SPDX-License-Identifier: Apache-2.0
// Kubernetes manifests as text: several YAML documents in a file, each as JSON where somebody must
// look inside.
//
// Pure; any thread. Scalars mean what they mean to Kubernetes, which reads YAML 1.1: `yes` is true
// and 0644 is octal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace aw::commands {

struct ManifestPart {
  std::string text;     // as it stood, without its `---` line
  json::Json document;  // null for a part that holds nothing but comments
};

// Code::config_syntax with file:line:column for what is no YAML. At most 1 MiB a document.
[[nodiscard]] Result<std::vector<ManifestPart>> parse_manifest(std::string const& name,
                                                               std::string_view text);
[[nodiscard]] std::string join_manifest(std::vector<std::string> const& parts);

}  // namespace aw::commands
