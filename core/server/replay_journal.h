// SPDX-License-Identifier: Apache-2.0
// Keeps the replay set's entries on disk: fixed-size records in two files that take turns.
//
// The file being written is left for the other one once it is older than the longest life of an
// entry; what the other held has then expired. One process at a time (the files are locked).
// Guarded by its own lock; `append` is one write(2).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::server {

// 48 bytes on disk, in this machine's byte order.
struct ReplayEntry {
  std::array<char, 16> caller{};  // truncated SHA-256 of the caller's SPIFFE ID
  std::array<char, 16> nonce{};   // truncated SHA-256 of the nonce
  std::int64_t expires_ms = 0;    // Unix time
};

class ReplayJournal {
 public:
  // Reads what both files hold (`load` is called for each whole record) and opens the newer one for
  // writing.
  // A torn record at the end is cut off, a damaged one passed over. Errors: state_unusable, also
  // when another process holds the files. Blocks.
  static Result<std::unique_ptr<ReplayJournal>> open(
      std::filesystem::path const& directory, std::chrono::nanoseconds longest_life,
      Clock const& clock, std::function<void(ReplayEntry const&)> const& load);
  ~ReplayJournal();
  ReplayJournal(ReplayJournal const&) = delete;
  ReplayJournal& operator=(ReplayJournal const&) = delete;

  // The record is with the kernel when this returns ok.
  // state_unusable: the entry is not durable, and the request must not go on.
  [[nodiscard]] Result<void> append(ReplayEntry const& entry);

 private:
  struct Impl;
  explicit ReplayJournal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::server
