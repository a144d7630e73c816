// SPDX-License-Identifier: Apache-2.0
// The journal segments of a decision store as files of its directory: their names, their bytes.
// Any thread; everything blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/decisions/database.h"
#include "core/decisions/entry.h"

namespace aw::decisions {

inline constexpr std::string_view kDatabaseFile = "decisions.db";

[[nodiscard]] std::filesystem::path segment_in(std::filesystem::path const& directory,
                                               std::uint64_t number);
// Of one id, going from the newest entry to the oldest: an entry that stands in the place of
// another hides that one. One user.
class LastWord {
 public:
  [[nodiscard]] bool is(Entry const& entry);

 private:
  std::unordered_set<std::string> replaced_;
};

// Their numbers, oldest first.
[[nodiscard]] std::vector<std::uint64_t> segments_in(std::filesystem::path const& directory);
// Its bytes, 64 MiB at most. Code::state_unusable.
[[nodiscard]] Result<std::string> read_segment(std::filesystem::path const& directory,
                                               std::uint64_t number);
// The same for one that may have gone since it was seen: nothing then. One that is there and cannot
// be read is an error, not fewer decisions.
[[nodiscard]] Result<std::optional<std::string>> read_segment_if_there(
    std::filesystem::path const& directory, std::uint64_t number);
// The frames of each block that ended since, newest first, wherever they are, until `take` says
// stop. A segment that is gone was retired between the two looks.
[[nodiscard]] Result<void> each_block(Database& database, std::filesystem::path const& directory,
                                      WallTime since,
                                      std::function<Database::More(std::string_view)> const& take);
// The whole frames at the front of `frames`, newest last.
[[nodiscard]] std::vector<Entry> entries_of(std::string_view frames);

}  // namespace aw::decisions
