// SPDX-License-Identifier: Apache-2.0
// The end of a log file, and what is appended to it afterwards; across rotation. Blocks only as
// long as reading does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace aw::audit {

// For `audit tail`. One owner. Lines are not verified.
class Follower {
 public:
  explicit Follower(std::filesystem::path path) : path_(std::move(path)) {}

  // The last `count` whole lines; following goes on after them. Error: audit_unreadable.
  [[nodiscard]] Result<std::vector<std::string>> last(std::size_t count);
  // The whole lines written since: at most a few thousand at a time. When the file was rotated,
  // first the rest of the old one, then each that came after it from its start.
  // Empty when nothing new came, and between two files.
  [[nodiscard]] Result<std::vector<std::string>> more();

 private:
  [[nodiscard]] Result<void> open(std::filesystem::path const& path);
  // The file that our open one was followed by, also when that was removed since.
  [[nodiscard]] std::filesystem::path next_file() const;
  [[nodiscard]] Result<std::vector<std::string>> read_lines();

  std::filesystem::path const path_;
  Fd fd_;
  std::uint64_t offset_ = 0;
  std::optional<std::uint64_t> before_;  // what is rotated under a higher number came after ours
};

}  // namespace aw::audit
