// SPDX-License-Identifier: Apache-2.0
#include "core/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/base/random.h"

namespace aw {

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

namespace fs {
namespace {

Result<void> sync_directory(std::filesystem::path const& file) {
  auto parent = file.parent_path();
  if (parent.empty()) parent = ".";
  Fd const directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) {
    return errno_error(Code::io, "sync " + parent.string(), errno);
  }
  return {};
}

}  // namespace

Result<std::string> read_file(std::filesystem::path const& path, std::uint64_t limit) {
  std::string const doing = "read " + path.string();
  Fd const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) return errno_error(Code::io, doing, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return errno_error(Code::io, doing, errno);
  if (S_ISDIR(info.st_mode)) return errno_error(Code::io, doing, EISDIR);
  std::string out;
  std::array<char, 65536> buffer{};
  for (;;) {
    ssize_t const got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(Code::io, doing, errno);
    if (got == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > limit) {
      return make_error(Code::too_large,
                        doing + ": larger than " + std::to_string(limit) + " bytes");
    }
  }
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_error(Code::io, "write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> write_file_atomic(std::filesystem::path const& path, std::string_view bytes,
                               Mode mode) {
  std::string const doing = "write " + path.string();
  auto const temporary = path.string() + ".tmp-" + random_hex(6);
  Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
               static_cast<mode_t>(mode)));
  if (!fd.open()) return errno_error(Code::io, doing, errno);
  auto result = with_context(write_all(fd.get(), bytes), doing);
  if (result.ok() && ::fsync(fd.get()) != 0) result = errno_error(Code::io, doing, errno);
  if (result.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    result = errno_error(Code::io, doing, errno);
  }
  if (!result.ok()) {
    ::unlink(temporary.c_str());
    return result;
  }
  return sync_directory(path);
}

Result<void> make_private_directory(std::filesystem::path const& path) {
  std::filesystem::path made;
  for (auto const& part : path) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS) {
      return errno_error(Code::io, "create directory " + made.string(), errno);
    }
  }
  if (!std::filesystem::is_directory(path))
    return errno_error(Code::io, "create directory " + path.string(), ENOTDIR);
  return {};
}

}  // namespace fs
}  // namespace aw
