// SPDX-License-Identifier: Apache-2.0
// What happened to tasks since the database was written last, as two append-only files that take
// turns: one is written while what the other holds is on its way into the database.
//
// An entry is a header (magic, kind and length), the bytes, and the magic again; what a crash tore
// off at the end is cut off at the next start. What is damaged before the end is told of, and what
// stands behind it is read: an entry's bytes are JSON or ids and hold no byte below 32 (but a
// note's first four, its key's length), so that none can look like another's header. One user at a
// time, but for `drop_old`, which may run beside `append`. Everything blocks as long as the
// kernel's write does.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace aw::a2a {

// Owns both files and their locks.
class TaskJournal {
 public:
  // begin: the file's own first entry, its bytes a number that grows from file to file (the clock
  // of a file system is too coarse to tell which is older; it does when the number is damaged).
  // damaged: no entry, but bytes between or behind entries that are none; never written.
  enum class Kind : std::uint8_t {
    damaged = 0,
    put = 1,
    erase = 2,
    begin = 3,
    note = 4,
    erase_note = 5,
    change = 6
  };
  // `bytes`: a task's record, the id of one that is gone, a note as `note_bytes` makes it, the key
  // of one that is gone; a change of a task whose record is earlier in the same file. `begin` is
  // not shown by `open`.
  using Load = std::function<Result<void>(Kind kind, std::string_view bytes)>;

  // Opens or creates both files (0600) as PATH.0 and PATH.1, locks them, and gives `load` every
  // whole entry, oldest first. Code::state_unusable; an error of `load` ends it.
  [[nodiscard]] static Result<TaskJournal> open(std::filesystem::path const& path,
                                                Load const& load);

  // Gives `load` the entries of `bytes`, and what is damaged; returns where half an entry begins
  // that a crash tore off, or the end. Pure.
  [[nodiscard]] static Result<std::size_t> entries(std::string_view bytes, Load const& load);
  // A note's key and value as one entry's bytes, and back; nullopt when they are none.
  [[nodiscard]] static std::string note_bytes(std::string_view key, std::string_view value);
  [[nodiscard]] static std::optional<std::pair<std::string, std::string>> note_of(
      std::string_view bytes);
  // Adds an entry to `out`, for `append`: whole, or its bytes by whoever writes them after
  // `open_frame`, which returns where it began.
  static void frame(std::string& out, Kind kind, std::string_view bytes);
  [[nodiscard]] static std::size_t open_frame(std::string& out);
  static void close_frame(std::string& out, std::size_t began, Kind kind);
  // The entries of `framed` are with the kernel, or none is: Code::state_unusable.
  [[nodiscard]] Result<void> append(std::string_view framed);
  [[nodiscard]] std::uint64_t bytes() const { return files_[current_].size; }

  // What is appended from here on goes into the other file, which must be dropped before.
  void turn_over() { current_ = 1 - current_; }
  // The one that is not written to: what it held is safe elsewhere.
  [[nodiscard]] Result<void> drop_old();
  // Both.
  [[nodiscard]] Result<void> drop_all();

 private:
  struct File {
    Fd fd;
    std::filesystem::path path;
    std::uint64_t size = 0;
    std::uint64_t turn = 0;    // 0 = nothing in it, or unknown
    std::int64_t changed = 0;  // last, before this start; nanoseconds since 1970
    bool torn = false;         // half an entry of ours is at the end and could not be cut off yet
  };
  static Result<File> open_file(std::filesystem::path path);
  static Result<std::string> read(File& file);
  static Result<void> write(File& file, std::string_view bytes);
  static Result<void> drop(File& file);
  // Of what a start found.
  [[nodiscard]] std::size_t newer() const;

  std::array<File, 2> files_;
  std::size_t current_ = 0;
  std::uint64_t turns_ = 0;
};

}  // namespace aw::a2a
