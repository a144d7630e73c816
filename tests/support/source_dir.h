// SPDX-License-Identifier: Apache-2.0
// Where the tree under test stands, for tests that read its policies, scripts and generated pages.
// Found by walking up from the working directory (the build lies below the tree): a path in the
// compiler's flags would keep its cache from serving another checkout.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace aw::testing {

inline std::filesystem::path source_dir() {
  for (auto at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path()) {
    if (std::filesystem::exists(at / "CMakePresets.json")) return at;
  }
  throw std::runtime_error(
      "run this below the source tree: no CMakePresets.json above the working directory");
}

}  // namespace aw::testing
