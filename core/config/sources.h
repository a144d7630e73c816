// SPDX-License-Identifier: Apache-2.0
// Which files are read, and what they say together: search path, includes, bounds.
#pragma once

#include <filesystem>
#include <vector>

#include "core/config/values.h"

namespace aw::config {

inline constexpr int kMaxIncludeDepth = 8;
inline constexpr std::size_t kMaxFiles = 32;

struct Assembled {
  Values values;  // of the file and its includes, merged; the includer wins
  std::vector<std::filesystem::path> files;
  Place whole;  // the main file
  bool readable = false;
};

// Finds the file (see LoadRequest::file) and reads it. Blocks on the file system.
[[nodiscard]] Assembled assemble(LoadRequest const& request, std::vector<Diagnostic>& found);

}  // namespace aw::config
