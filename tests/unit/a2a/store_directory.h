// SPDX-License-Identifier: Apache-2.0
// A directory of a test's own for a store of tasks; gone with it.
#pragma once

#include <filesystem>

#include "core/base/random.h"

namespace aw::a2a::test {

struct Directory {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("a2a-store-" + random_uuid());
  Directory() { std::filesystem::create_directories(path); }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;
  [[nodiscard]] std::filesystem::path file() const { return path / "tasks.db"; }
};

}  // namespace aw::a2a::test
