// SPDX-License-Identifier: Apache-2.0
// What a decision store holds, read from outside.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/decisions/database.h"
#include "core/decisions/entry.h"

namespace aw::decisions {

// Reading the store of a process that runs or ran, from outside; newest first, as `take` wants.
// Errors: state_unusable.
// Sees whole frames only, also while the process writes. Blocks; one user at a time.
class Reader {
 public:
  static Result<Reader> open(std::filesystem::path const& directory);
  using Each = std::function<Database::More(Entry const&)>;
  [[nodiscard]] Result<void> newest_first(WallTime since, Each const& each);
  // The decision with this id, or the only one whose id begins so. Errors: not_found, usage (more
  // than one).
  [[nodiscard]] Result<Entry> find(std::string_view id);
  [[nodiscard]] Result<std::optional<KeptPolicy>> policy(std::string_view digest) {
    return database_.policy(digest);
  }

 private:
  Reader(std::filesystem::path directory, Database database)
      : directory_(std::move(directory)), database_(std::move(database)) {}
  std::filesystem::path directory_;
  Database database_;
};

}  // namespace aw::decisions
