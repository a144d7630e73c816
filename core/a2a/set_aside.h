// SPDX-License-Identifier: Apache-2.0
// What a store has and nobody can read, kept as it was found: a file each, for a person to look at.
//
// Nothing here is ever read back: whatever stands in such a file is shown to no caller. One user at
// a time; everything blocks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::a2a {

// One of them.
struct Unreadable {
  std::string what;  // "task", "journal", "note" or "database"
  std::string id;    // of the task, or the note's key; empty when even that cannot be read
  std::string why;
  std::filesystem::path file;  // where the bytes are
};

class SetAside {
 public:
  // Made (0700) when something comes.
  explicit SetAside(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // The bytes are in a file of their own (0600) afterwards; the same ones twice are one file.
  // Code::state_unusable: they are not, and must stay where they were.
  struct Found {
    std::string_view what;
    std::string_view id;
    std::string_view why;
    std::string_view bytes;
  };
  [[nodiscard]] Result<void> keep(Found const& found);
  // A whole file of SQLite's: it and its WAL stay beside where they were, as NAME.broken-1.db; a
  // file of ours says so.
  [[nodiscard]] Result<void> move(std::string_view what, std::string_view why,
                                  std::filesystem::path const& file);
  // What came since this was made.
  [[nodiscard]] std::vector<Unreadable> const& all() const { return all_; }

 private:
  std::filesystem::path const directory_;
  std::vector<Unreadable> all_;
};

// The store's file in a state directory.
inline constexpr char kTasksFile[] = "tasks.db";
// Where the store in `file` keeps what it set aside.
[[nodiscard]] std::filesystem::path unreadable_beside(std::filesystem::path const& file);
// How many lie there, of this start and of earlier ones; 0 where there is no such directory.
[[nodiscard]] std::size_t count_unreadable(std::filesystem::path const& directory);

}  // namespace aw::a2a
