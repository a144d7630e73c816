// SPDX-License-Identifier: Apache-2.0
// The audit log in a file: append-only, private, locked, resumed after a crash, rotated without
// breaking the chain.
//
// Rotation renames PATH (`audit.log`) to `audit-20261123T194826Z-SEQ.log`, SEQ being its last
// record's number; the next file's first record goes on from there. A disk that is full or broken
// makes `append` fail; what a short write left is cut off again, so that the chain is whole when
// space comes back. If something else moves the file away (logrotate), a new one is begun within a
// second.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/audit/config.h"
#include "core/audit/sink.h"
#include "core/base/clock.h"
#include "core/base/fs.h"

namespace aw::audit {

// write(2) and friends, so that tests can fill the disk.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  // As the system calls: -1 and errno, or bytes written.
  virtual std::int64_t write(int fd, std::string_view bytes);
  virtual int truncate(int fd, std::uint64_t size);
  virtual int sync(int fd);
};

// The directory is made with 0700 where it is missing; the file has 0600, and is given it back at
// each start.
struct FileSinkOptions {
  std::filesystem::path path;
  RotationConfig rotation;
  Sync sync = Sync::kernel;
};

// Locks PATH.lock for its whole life, and keeps the log's id in PATH.id.
class FileSink final : public AuditSink {
 public:
  // `clock` and `calls` outlive the sink.
  FileSink(FileSinkOptions options, Clock const& clock, FileCalls& calls);
  ~FileSink() override;
  FileSink(FileSink const&) = delete;
  FileSink& operator=(FileSink const&) = delete;

  [[nodiscard]] Result<Resumed> resume() override;
  // audit_integrity when another program changed the file: nothing is written then, and
  // everything is denied.
  [[nodiscard]] Result<void> append(Record const& record) override;
  // One write for all of them, or none is stored.
  [[nodiscard]] Appended append_all(Batch const& batch) override;
  [[nodiscard]] std::uint64_t oldest() const override { return oldest_; }
  [[nodiscard]] std::uint64_t segment() const override { return segment_; }
  [[nodiscard]] std::string name() const override { return "file://" + options_.path.string(); }
  [[nodiscard]] Keeps keeps() const override { return Keeps::records; }

 private:
  [[nodiscard]] Result<void> lock();
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] Result<void> append_lines(std::string_view lines, std::uint64_t last_seq);
  [[nodiscard]] Result<void> store(std::string_view line);
  // Cuts off what was written of a record that is not whole; returns `why`.
  [[nodiscard]] Result<void> undo(Error why);
  // Goes on with a new file when ours was moved away.
  [[nodiscard]] Result<void> check_in_place();
  // Never fails: a log that cannot be rotated goes on in its file.
  void rotate_if_due(std::size_t next_bytes);
  [[nodiscard]] Result<void> rotate();
  // Deletes rotated files beyond max_files or older than max_age; the chain then begins at
  // oldest().
  void prune();
  // Which log this is: kept beside it, new when the chain begins.
  [[nodiscard]] Result<std::string> identity(ChainHead const& head) const;
  void find_segments(ChainHead const& head);
  [[nodiscard]] std::int64_t today() const;

  FileSinkOptions const options_;
  Clock const& clock_;
  FileCalls& calls_;
  Fd lock_;
  Fd fd_;
  std::uint64_t size_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t oldest_ = 1;     // first record of the oldest file
  std::uint64_t segment_ = 1;    // first record of this file
  std::uint64_t rotate_at_ = 0;  // grows when a rotation failed, so that it is not tried each time
  std::int64_t day_ = 0;
  SteadyTime checked_;
  bool torn_ = false;  // a half line of ours is at the end and could not be cut off yet
};

// The number of a file's first record; nullopt when it has none.
// Reads the first line; nullopt also for a file that cannot be read.
[[nodiscard]] std::optional<std::uint64_t> first_record(std::filesystem::path const& path);
// The rotated files beside `path`, oldest first.
[[nodiscard]] std::vector<std::filesystem::path> rotated_files(std::filesystem::path const& path);
// SEQ in the name of a file rotated out of `path`; nullopt of any other.
[[nodiscard]] std::optional<std::uint64_t> rotated_number(std::filesystem::path const& path,
                                                          std::filesystem::path const& file);

}  // namespace aw::audit
