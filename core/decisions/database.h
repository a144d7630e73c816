// SPDX-License-Identifier: Apache-2.0
// Decisions and the policies they were made with, in an SQLite file (WAL).
//
// A row holds a block of decisions as frames (entry.h), in the order of time: a row for each would
// cost more than the request it tells of. Of a large block it holds what is said of it: the frames
// stay in the journal segment that they were written to, or they would be written three times. A
// block knows when its first and last decision were made; one decision is found by looking through
// blocks. One user at a time; everything blocks.
// Errors: state_unusable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/decisions/entry.h"

namespace aw::decisions {

// A policy as it was in force.
// Kept by digest, the 256 used last.
struct KeptPolicy {
  std::string digest;
  std::string document;  // JSON: {"path", "modules": [{"name","text"}], "data"}
};

// How many decisions a stretch of frames holds, of what time.
struct Extent {
  std::uint64_t decisions = 0;
  std::uint64_t bytes = 0;
  std::int64_t began = std::numeric_limits<std::int64_t>::max();  // ns since 1970, the earliest
  std::int64_t ended = 0;                                         // and the latest

  void add(std::int64_t time, std::size_t its_bytes);
  void add(Extent const& more);
};
// Of the whole frames at the front of `frames`.
[[nodiscard]] Extent extent_of(std::string_view frames);

// Owns its connection. Made with mode 0600; a symbolic link in its place is refused. Waits up to
// five seconds for another process's lock.
class Database {
 public:
  enum class Access { read_write, read_only };
  // read_only needs a file that is there already, and creates nothing.
  static Result<Database> open(std::filesystem::path const& file, Access access);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // The journal segments up to this number are in here.
  [[nodiscard]] Result<std::uint64_t> imported();
  // A segment's decisions, all or none; `imported` is then `segment`. No frames: they stay in their
  // segment.
  [[nodiscard]] Result<void> add_block(std::uint64_t segment, Extent const& extent,
                                       std::string_view frames);
  // Is that block's place its segment? False for one that is not there.
  [[nodiscard]] Result<bool> needs_segment(std::uint64_t segment);
  [[nodiscard]] Result<void> keep_policy(KeptPolicy const& policy, WallTime now);
  [[nodiscard]] Result<std::optional<KeptPolicy>> policy(std::string_view digest);
  struct Retired {
    std::uint64_t decisions = 0;
    std::uint64_t segment = 0;  // this one and those before it hold nothing any more; 0 = none
  };
  // What is older or more than that goes, oldest first.
  [[nodiscard]] Result<Retired> retire(std::uint64_t max_bytes, WallTime oldest);

  // Newest block first, until `take` says stop. `since`: blocks that ended before it are left out.
  // No frames: they are in the segment.
  enum class More { yes, stop };
  using Take = std::function<More(std::uint64_t segment, std::string_view frames)>;
  [[nodiscard]] Result<void> blocks(WallTime since, Take const& take);

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::decisions
