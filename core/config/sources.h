// SPDX-License-Identifier: Apache-2.0
// Which files are read, and what they say together: search path, includes, bounds.
#pragma once

#include <filesystem>
#include <vector>

#include "core/config/values.h"

namespace aw::config {

// Both count the main file too; beyond them, and for a circle, Code::config_include.
inline constexpr int kMaxIncludeDepth = 8;
inline constexpr std::size_t kMaxFiles = 32;

// `readable` false: not even the main file could be read, and a finding says why.
struct Assembled {
  Values values;  // of the file and its includes, merged; the includer wins
  std::vector<std::filesystem::path> files;
  Sections sections;
  Place whole;  // the main file
  bool readable = false;
};

// Finds the file (see LoadRequest::file) and reads it. Blocks on the file system.
// Included files stand before the file that includes them in `files`' order of winning: later
// ones win, the includer last. Pipes are read only when the shell made them (/dev/fd).
[[nodiscard]] Assembled assemble(LoadRequest const& request, std::vector<Diagnostic>& found);

}  // namespace aw::config
