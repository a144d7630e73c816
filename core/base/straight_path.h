// SPDX-License-Identifier: Apache-2.0
// A way to a file without links, for libraries that refuse a link anywhere on the way: SQLite's
// NOFOLLOW does, and systemd's StateDirectory= is one under DynamicUser=.
#pragma once

#include <filesystem>

namespace aw::fs {

// The same name in the directory that the links on its way lead to; the name itself is not
// followed. `path` as it stands when there is no such directory. Blocks; any thread.
[[nodiscard]] std::filesystem::path straight_path(std::filesystem::path const& path);

}  // namespace aw::fs
