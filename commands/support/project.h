// SPDX-License-Identifier: Apache-2.0
// The files of a new project, as `agentweave init` writes them. Pure; examples/hello holds the
// result for "hello", and a test holds the two equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::commands {

struct ProjectFile {
  std::string path;  // relative to the project's directory
  std::string text;
};

// Both must be valid already: nothing is escaped.
struct ProjectNames {
  std::string agent;         // ^[a-z][a-z0-9-]*$
  std::string trust_domain;  // "hello.test"
};

[[nodiscard]] std::vector<ProjectFile> project_files(ProjectNames const& names);

// The agent name a directory suggests: "My Agent" -> "my-agent". Code::usage when nothing usable is
// left.
[[nodiscard]] Result<std::string> agent_name_from(std::string_view directory);

}  // namespace aw::commands
