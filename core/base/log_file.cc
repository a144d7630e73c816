// SPDX-License-Identifier: Apache-2.0
#include "core/base/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace aw::log {
namespace {

// Not open, with errno, where it cannot be. A FIFO would hold whoever opens it, or writes a line,
// until somebody reads: streams are stdout and stderr.
Fd open_log(std::string const& path) {
  auto const directory = std::filesystem::path(path).parent_path();
  // What is wrong with it, open() says.
  if (!directory.empty()) static_cast<void>(fs::make_private_directory(directory));
  Fd out(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644));
  struct stat info{};
  if (!out.open() || ::fstat(out.get(), &info) != 0) return {};
  if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode)) {
    errno = EINVAL;
    return {};
  }
  // Of a terminal, the next line would be lost while it is full.
  ::fcntl(out.get(), F_SETFL, O_APPEND);
  return out;
}

bool is_still(std::string const& path, int file) {
  struct stat at{};
  struct stat ours{};
  return ::stat(path.c_str(), &at) == 0 && ::fstat(file, &ours) == 0 && at.st_dev == ours.st_dev &&
         at.st_ino == ours.st_ino;
}

}  // namespace

LogFile::LogFile(std::string path, Clock const& clock)
    : path_(std::move(path)), clock_(clock), file_(open_log(path_)), looked_(clock.steady()) {
  if (!file_.open()) spdlog::throw_spdlog_ex("cannot be opened for writing", errno);
}

void LogFile::follow() {
  auto const now = clock_.steady();
  if (now - looked_ < kLookEvery) return;
  looked_ = now;
  if (is_still(path_, file_.get())) return;
  if (auto next = open_log(path_); next.open()) file_ = std::move(next);
}

void LogFile::sink_it_(spdlog::details::log_msg const& message) {
  follow();
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  std::size_t done = 0;
  while (done < line.size()) {
    auto const written = ::write(file_.get(), line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) spdlog::throw_spdlog_ex("write to log file " + path_, errno);
    done += static_cast<std::size_t>(written);
  }
}

}  // namespace aw::log
