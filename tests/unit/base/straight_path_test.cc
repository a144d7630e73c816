// SPDX-License-Identifier: Apache-2.0
#include "core/base/straight_path.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace {

using aw::fs::straight_path;

TEST_CASE("a straight path goes by the directories that links lead to, and keeps the last name") {
  aw::testing::TempDir const directory;
  auto const home = std::filesystem::canonical(directory.path());
  std::filesystem::create_directories(home / "private/agent");
  std::filesystem::create_directory_symlink("private", home / "state");
  std::filesystem::create_symlink("nowhere", home / "private/agent/link.db");
  CHECK(straight_path(home / "state/agent/a.db") == home / "private/agent/a.db");
  CHECK(straight_path(home / "state/agent/link.db") == home / "private/agent/link.db");
  CHECK(straight_path(home / "private/agent/a.db") == home / "private/agent/a.db");
  CHECK(straight_path(home / "missing/a.db") == home / "missing/a.db");
  CHECK(straight_path("a.db") == std::filesystem::current_path() / "a.db");
}

}  // namespace
