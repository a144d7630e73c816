// SPDX-License-Identifier: Apache-2.0
#include "core/server/replay_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/base/fs.h"

namespace aw::server {
namespace {

constexpr std::size_t kRecord = 48;  // caller 16, nonce 16, expiry 8, magic 8
constexpr std::size_t kRecordsAtOnce = 4096;
constexpr std::uint64_t kMagic = 0x3159414C50525741;  // "AWRPLAY1", little endian

using Record = std::array<char, kRecord>;

Record encode(ReplayEntry const& entry) {
  Record out{};
  std::memcpy(out.data(), entry.caller.data(), 16);
  std::memcpy(out.data() + 16, entry.nonce.data(), 16);
  std::memcpy(out.data() + 32, &entry.expires_ms, 8);
  std::memcpy(out.data() + 40, &kMagic, 8);
  return out;
}

bool decode(Record const& record, ReplayEntry& entry) {
  std::uint64_t magic = 0;
  std::memcpy(&magic, record.data() + 40, 8);
  if (magic != kMagic) return false;
  std::memcpy(entry.caller.data(), record.data(), 16);
  std::memcpy(entry.nonce.data(), record.data() + 16, 16);
  std::memcpy(&entry.expires_ms, record.data() + 32, 8);
  return true;
}

struct File {
  Fd fd;
  std::filesystem::path path;
  std::int64_t size = 0;
  WallTime begun;
};

Error unusable(std::filesystem::path const& path, int number) {
  return errno_error(Code::state_unusable, "replay journal " + path.string(), number);
}

Result<File> open_file(std::filesystem::path const& path) {
  File file{.fd = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)),
            .path = path};
  if (!file.fd.open()) return unusable(path, errno);
  if (::flock(file.fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Code::state_unusable,
                      "replay journal " + path.string() + " is in use by another process",
                      "give each instance its own state.directory");
  }
  struct stat info{};
  if (::fstat(file.fd.get(), &info) != 0) return unusable(path, errno);
  file.size = info.st_size;
  file.begun = WallTime{std::chrono::seconds(info.st_mtim.tv_sec) +
                        std::chrono::nanoseconds(info.st_mtim.tv_nsec)};
  return file;
}

// As many bytes from `at` on as `into` has room for; fewer at the file's end only.
Result<std::size_t> read_at(File const& file, std::span<char> into, std::int64_t at) {
  std::size_t got = 0;
  while (got < into.size()) {
    ssize_t const n = ::pread(file.fd.get(), into.data() + got, into.size() - got,
                              at + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unusable(file.path, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

// Reads the whole records. A torn one at the end is cut off; one that is damaged in the middle is
// passed over, since what stands behind it must still be refused.
Result<void> replay_file(File& file, std::function<void(ReplayEntry const&)> const& load) {
  std::vector<char> block(kRecord * kRecordsAtOnce);
  std::int64_t at = 0;
  for (std::size_t got = block.size(); got == block.size();) {
    AW_TRY(got, read_at(file, block, at));
    auto const whole = got - got % kRecord;
    for (std::size_t from = 0; from < whole; from += kRecord) {
      Record record{};
      std::memcpy(record.data(), block.data() + from, kRecord);
      ReplayEntry entry;
      if (decode(record, entry)) load(entry);
    }
    at += static_cast<std::int64_t>(whole);
  }
  if (at != file.size && ::ftruncate(file.fd.get(), at) != 0) return unusable(file.path, errno);
  file.size = at;
  return {};
}

}  // namespace

struct ReplayJournal::Impl {
  Clock const& clock;
  std::chrono::nanoseconds life;
  std::array<File, 2> files;
  std::size_t current = 0;
  std::mutex mutex;

  // The other file's entries are all older than the current one's first: once that is a whole life
  // ago, they are dead.
  Result<void> turn() {
    File& next = files[1 - current];
    if (::ftruncate(next.fd.get(), 0) != 0) return unusable(next.path, errno);
    next.size = 0;
    next.begun = clock.now();
    current = 1 - current;
    return {};
  }
};

ReplayJournal::ReplayJournal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayJournal::~ReplayJournal() = default;

Result<std::unique_ptr<ReplayJournal>> ReplayJournal::open(
    std::filesystem::path const& directory, std::chrono::nanoseconds longest_life,
    Clock const& clock, std::function<void(ReplayEntry const&)> const& load) {
  AW_TRY(fs::make_private_directory(directory));
  AW_TRY(auto first, open_file(directory / "replay-0.journal"));
  AW_TRY(auto second, open_file(directory / "replay-1.journal"));
  std::size_t const newer = first.begun >= second.begun ? 0 : 1;
  auto impl = std::unique_ptr<Impl>(
      new Impl{.clock = clock, .life = longest_life, .files = {}, .current = newer});
  impl->files = {std::move(first), std::move(second)};
  for (auto& file : impl->files) AW_TRY(replay_file(file, load));
  // A restart must not cut a life short: what was read counts as written now.
  impl->files[newer].begun = clock.now();
  return std::unique_ptr<ReplayJournal>(new ReplayJournal(std::move(impl)));
}

Result<void> ReplayJournal::append(ReplayEntry const& entry) {
  auto const record = encode(entry);
  std::lock_guard const lock(impl_->mutex);
  if (impl_->clock.now() - impl_->files[impl_->current].begun > impl_->life) AW_TRY(impl_->turn());
  File& file = impl_->files[impl_->current];
  ssize_t const put = ::pwrite(file.fd.get(), record.data(), record.size(), file.size);
  if (put != static_cast<ssize_t>(record.size())) {
    // A short write is overwritten by the next record, or cut off at the next start.
    return unusable(file.path, put < 0 ? errno : ENOSPC);
  }
  file.size += put;
  return {};
}

}  // namespace aw::server
