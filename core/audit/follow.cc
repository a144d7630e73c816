// SPDX-License-Identifier: Apache-2.0
#include "core/audit/follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "core/audit/chain.h"
#include "core/audit/file_sink.h"

namespace aw::audit {
namespace {

constexpr std::size_t kBlock = 1U << 20;

Error unreadable(std::filesystem::path const& path) {
  return errno_error(Code::audit_unreadable, "audit log " + path.string(), errno);
}

bool is_ours(Fd const& fd, std::filesystem::path const& path) {
  struct stat ours{};
  struct stat there{};
  return ::fstat(fd.get(), &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

}  // namespace

Result<void> Follower::open(std::filesystem::path const& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return unreadable(path);
  fd_ = std::move(fd);
  offset_ = 0;
  before_.reset();
  for (auto const& one : rotated_files(path_)) {
    before_ = rotated_number(path_, one);
    if (is_ours(fd_, one)) break;  // later ones came while we looked
  }
  return {};
}

Result<std::vector<std::string>> Follower::read_lines() {
  std::string bytes(kBlock, '\0');
  auto const n = ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
  if (n < 0) return unreadable(path_);
  bytes.resize(static_cast<std::size_t>(n));
  std::vector<std::string> out;
  std::size_t at = 0;
  for (auto end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n', at)) {
    out.push_back(bytes.substr(at, end - at));
    at = end + 1;
  }
  // A block without a line end is no log of ours: skip it rather than stand still.
  offset_ += at == 0 && bytes.size() == kBlock ? kBlock : at;
  return out;
}

Result<std::vector<std::string>> Follower::last(std::size_t count) {
  AW_TRY(open(path_));
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return unreadable(path_);
  auto const size = static_cast<std::uint64_t>(info.st_size);
  auto const window =
      count >= size / kMaxRecordBytes ? size : (std::uint64_t{count} + 1) * kMaxRecordBytes;
  offset_ = size - window;
  std::vector<std::string> out;
  bool first_is_whole = offset_ == 0;
  for (;;) {
    AW_TRY(auto lines, read_lines());
    if (lines.empty()) break;
    if (!std::exchange(first_is_whole, true)) lines.erase(lines.begin());
    std::ranges::move(lines, std::back_inserter(out));
    if (out.size() > count) {
      out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(count));
    }
  }
  return out;
}

Result<std::vector<std::string>> Follower::more() {
  AW_TRY(auto lines, read_lines());
  if (!lines.empty()) return lines;
  if (::access(path_.c_str(), F_OK) != 0 || is_ours(fd_, path_)) return lines;
  // Written between our look and the rename.
  AW_TRY(lines, read_lines());
  if (!lines.empty()) return lines;
  AW_TRY(open(next_file()));
  return read_lines();
}

// Several may have come and gone between two looks.
std::filesystem::path Follower::next_file() const {
  auto const rotated = rotated_files(path_);
  auto const ours =
      std::ranges::find_if(rotated, [this](auto const& one) { return is_ours(fd_, one); });
  auto const next =
      ours != rotated.end() ? ours + 1 : std::ranges::find_if(rotated, [this](auto const& one) {
        return rotated_number(path_, one) > before_;  // nothing is less than any number
      });
  return next == rotated.end() ? path_ : *next;
}

}  // namespace aw::audit
