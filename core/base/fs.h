// SPDX-License-Identifier: Apache-2.0
// Files and file descriptors. Everything here blocks; keep it off the event loops.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.h"

namespace aw {

// Owns one file descriptor.
// Moves, never copies; closes when it goes. Not for two threads at once.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  Fd(Fd const&) = delete;
  Fd& operator=(Fd const&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  // Gives the descriptor up: the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  // Closes what is held and takes `fd` over. An error of close(2) is not told.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

namespace fs {

// Errors carry Code::io; `limit` in bytes, of a larger file no more is
// read than that, and it is an error (Code::too_large).
[[nodiscard]] Result<std::string> read_file(std::filesystem::path const& path,
                                            std::uint64_t limit = 64U << 20);

// The umask may take bits away, never add some.
enum class Mode : unsigned { private_file = 0600, public_file = 0644 };

// Replaces the file as a whole: readers see the old bytes or the new, also after a crash. Mode is
// set before any byte.
[[nodiscard]] Result<void> write_file_atomic(std::filesystem::path const& path,
                                             std::string_view bytes, Mode mode);

// All of `bytes`, retrying on short writes and EINTR.
// The descriptor must block: EAGAIN is Code::io like any other error, with part of `bytes`
// written.
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes);

// Creates the directory and its parents with 0700 where they are missing.
// What is there already keeps its mode. Code::io, also when the last name is no directory.
[[nodiscard]] Result<void> make_private_directory(std::filesystem::path const& path);

}  // namespace fs
}  // namespace aw
