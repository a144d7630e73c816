// SPDX-License-Identifier: Apache-2.0
#include "core/audit/file_sink.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>

#include "core/audit/lines.h"
#include "core/audit/recover.h"
#include "core/base/random.h"
#include "core/base/text.h"

namespace aw::audit {
namespace {

constexpr std::size_t kLogIdBytes = 16;
constexpr auto kLookEvery = std::chrono::seconds(1);

Error unavailable(std::string const& doing, int number) {
  return errno_error(Code::audit_unavailable, doing, number);
}

// "audit-20261123T194826Z-184220.log" -> 184220
std::optional<std::uint64_t> rotated_seq(std::string const& name, std::string const& stem,
                                         std::string const& extension) {
  if (!name.starts_with(stem + "-") || !name.ends_with(extension)) return std::nullopt;
  auto const middle =
      name.substr(stem.size() + 1, name.size() - stem.size() - 1 - extension.size());
  auto const dash = middle.find('-');
  if (dash == std::string::npos) return std::nullopt;
  std::uint64_t seq = 0;
  auto const* const end = middle.data() + middle.size();
  auto const [rest, error] = std::from_chars(middle.data() + dash + 1, end, seq);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return seq;
}

std::string compact_stamp(WallTime now) {
  auto text = format_rfc3339(now);  // 2026-11-23T19:48:26.041Z
  text.erase(text.find('.'));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

}  // namespace

std::int64_t FileCalls::write(int fd, std::string_view bytes) {
  return ::write(fd, bytes.data(), bytes.size());
}

int FileCalls::truncate(int fd, std::uint64_t size) {
  return ::ftruncate(fd, static_cast<off_t>(size));
}

int FileCalls::sync(int fd) { return ::fdatasync(fd); }

std::optional<std::uint64_t> first_record(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  LineReader reader(in);
  auto const line = reader.next();
  if (!line) return std::nullopt;
  auto const links = parse_links(line->text);
  if (!links.ok()) return std::nullopt;
  return links->seq;
}

std::optional<std::uint64_t> rotated_number(std::filesystem::path const& path,
                                            std::filesystem::path const& file) {
  return rotated_seq(file.filename().string(), path.stem().string(), path.extension().string());
}

std::vector<std::filesystem::path> rotated_files(std::filesystem::path const& path) {
  std::vector<std::pair<std::uint64_t, std::filesystem::path>> found;
  auto const directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator(directory, error)) {
    auto const seq = rotated_number(path, entry.path());
    if (seq && entry.is_regular_file(error)) found.emplace_back(*seq, entry.path());
  }
  std::ranges::sort(found);
  std::vector<std::filesystem::path> out;
  out.reserve(found.size());
  for (auto& [seq, file] : found) out.push_back(std::move(file));
  return out;
}

FileSink::FileSink(FileSinkOptions options, Clock const& clock, FileCalls& calls)
    : options_(std::move(options)), clock_(clock), calls_(calls) {}

FileSink::~FileSink() = default;

std::int64_t FileSink::today() const {
  return std::chrono::duration_cast<std::chrono::hours>(clock_.now().time_since_epoch()).count() /
         24;
}

Result<void> FileSink::lock() {
  // Beside the log and not on it, because the log's inode changes when it is rotated.
  auto const path = options_.path.string() + ".lock";
  lock_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_.open()) return unavailable("open " + path, errno);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Code::audit_unavailable,
                      "audit log " + options_.path.string() + " is in use by another process",
                      "give each agent its own authorization.audit.destination");
  }
  return {};
}

Result<void> FileSink::open_file() {
  auto const path = options_.path.string();
  fd_ = Fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                  0600));
  if (!fd_.open()) return unavailable("open audit log " + path, errno);
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return unavailable("stat audit log " + path, errno);
  if (!S_ISREG(info.st_mode)) {
    return make_error(Code::audit_unavailable, "audit log " + path + " is not a regular file",
                      "use stdout: or stderr: for streams");
  }
  if ((info.st_mode & 0077U) != 0 && ::fchmod(fd_.get(), 0600) != 0) {
    return unavailable("make audit log " + path + " private", errno);
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
  rotate_at_ = options_.rotation.max_bytes;
  day_ = today();
  torn_ = false;
  return {};
}

Result<Resumed> FileSink::resume() {
  if (options_.path.has_parent_path()) {
    auto made = fs::make_private_directory(options_.path.parent_path());
    if (!made.ok()) {
      auto error = std::move(made).error();
      error.code = Code::audit_unavailable;
      return error;
    }
  }
  AW_TRY(lock());
  AW_TRY(open_file());
  AW_TRY(auto found, recover(fd_.get(), options_.path));
  Resumed out{.head = found.head, .notes = {}};
  if (found.torn) out.notes.push_back("a half written record was moved to " + *found.torn);
  size_ = found.size;
  if (auto const then = parse_rfc3339(found.last_timestamp)) {
    day_ = std::chrono::duration_cast<std::chrono::hours>(then->time_since_epoch()).count() / 24;
  }
  if (size_ == 0) {
    // Rotated (by us or by others) just before the end: go on from the file before.
    auto const rotated = rotated_files(options_.path);
    if (!rotated.empty()) {
      Fd const before(::open(rotated.back().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
      if (!before.open()) return unavailable("open " + rotated.back().string(), errno);
      AW_TRY(auto older, recover(before.get(), rotated.back()));
      out.head = older.head;
    }
  }
  last_seq_ = out.head.seq;
  find_segments(out.head);
  AW_TRY(out.log_id, identity(out.head));
  return out;
}

Result<std::string> FileSink::identity(ChainHead const& head) const {
  auto const path = options_.path.string() + ".id";
  constexpr std::size_t kLongest = 64;
  if (head.seq > 0) {
    if (auto known = fs::read_file(path, kLongest); known.ok()) {
      auto const text = text::trim(*known);
      if (text.size() == 2 * kLogIdBytes) return std::string(text);
    }
  }
  auto id = random_hex(kLogIdBytes);
  auto kept = fs::write_file_atomic(path, id + "\n", fs::Mode::private_file);
  if (kept.ok()) return id;
  auto error = std::move(kept).error();
  error.code = Code::audit_unavailable;
  return error;
}

void FileSink::find_segments(ChainHead const& head) {
  auto const here = size_ > 0 ? first_record(options_.path) : std::nullopt;
  segment_ = here.value_or(head.seq + 1);
  oldest_ = segment_;
  for (auto const& file : rotated_files(options_.path)) {
    if (auto const first = first_record(file)) {
      oldest_ = std::min(oldest_, *first);
      break;
    }
  }
}

Result<void> FileSink::append(Record const& record) {
  return append_lines(record.line, record.seq);
}

Appended FileSink::append_all(Batch const& batch) {
  if (batch.records.empty()) return {};
  auto stored = append_lines(batch.lines, batch.records.back().seq);
  if (!stored.ok()) return {.count = 0, .error = std::move(stored).error()};
  return {.count = batch.records.size(), .error = {}};
}

Result<void> FileSink::append_lines(std::string_view lines, std::uint64_t last_seq) {
  AW_TRY(check_in_place());
  rotate_if_due(lines.size());
  AW_TRY(store(lines));
  last_seq_ = last_seq;
  return {};
}

Result<void> FileSink::store(std::string_view line) {
  if (torn_) {
    if (calls_.truncate(fd_.get(), size_) != 0) {
      return unavailable("repair audit log " + options_.path.string(), errno);
    }
    torn_ = false;
  }
  std::size_t done = 0;
  while (done < line.size()) {
    auto const n = calls_.write(fd_.get(), line.substr(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      auto error =
          unavailable("write audit log " + options_.path.string(), n == 0 ? ENOSPC : errno);
      if (done == 0) return error;
      return undo(std::move(error));
    }
    done += static_cast<std::size_t>(n);
  }
  if (options_.sync == Sync::always && calls_.sync(fd_.get()) != 0) {
    return undo(unavailable("sync audit log " + options_.path.string(), errno));
  }
  size_ += line.size();
  return {};
}

Result<void> FileSink::undo(Error why) {
  torn_ = calls_.truncate(fd_.get(), size_) != 0;
  return why;
}

Result<void> FileSink::check_in_place() {
  auto const now = clock_.steady();
  if (fd_.open() && now - checked_ < kLookEvery) return {};
  struct stat ours{};
  struct stat there{};
  bool const gone = !fd_.open() || ::stat(options_.path.c_str(), &there) != 0 ||
                    ::fstat(fd_.get(), &ours) != 0 || there.st_ino != ours.st_ino ||
                    there.st_dev != ours.st_dev;
  if (gone) {
    AW_TRY(open_file());
    segment_ = last_seq_ + 1;
    if (size_ != 0) {
      fd_.reset();  // what is there is not ours to append to
      return make_error(Code::audit_unavailable,
                        "another file took the place of audit log " + options_.path.string(),
                        "move it away; the chain goes on in a new file");
    }
  }
  if (!gone && !torn_ && static_cast<std::uint64_t>(ours.st_size) != size_) {
    return make_error(Code::audit_integrity,
                      "audit log " + options_.path.string() + " was changed by another program",
                      "keep it as evidence: move it away; the chain goes on in a new file");
  }
  checked_ = now;
  return {};
}

void FileSink::rotate_if_due(std::size_t next_bytes) {
  if (size_ == 0) return;
  bool const full = rotate_at_ != 0 && size_ + next_bytes > rotate_at_;
  bool const new_day = options_.rotation.daily && today() != day_;
  if (!full && !new_day) return;
  if (auto const rotated = rotate(); !rotated.ok()) {
    // Better a file too long than an agent that answers nobody: try again a tenth later.
    rotate_at_ += options_.rotation.max_bytes / 10 + next_bytes;
    day_ = today();
  }
}

Result<void> FileSink::rotate() {
  auto const& path = options_.path;
  auto const aside =
      path.parent_path() / (path.stem().string() + "-" + compact_stamp(clock_.now()) + "-" +
                            std::to_string(last_seq_) + path.extension().string());
  if (::rename(path.c_str(), aside.c_str()) != 0) {
    return unavailable("rotate audit log " + path.string(), errno);
  }
  Fd old = std::move(fd_);
  auto const old_size = size_;
  if (auto opened = open_file(); !opened.ok()) {
    fd_ = std::move(old);
    size_ = old_size;
    if (::rename(aside.c_str(), path.c_str()) != 0) {
      return unavailable("take back the rotation of audit log " + path.string(), errno);
    }
    return opened;
  }
  segment_ = last_seq_ + 1;
  prune();
  return {};
}

void FileSink::prune() {
  auto files = rotated_files(options_.path);
  auto const& rotation = options_.rotation;
  std::error_code error;
  std::size_t remove = 0;
  if (rotation.max_files != 0 && files.size() > rotation.max_files) {
    remove = files.size() - rotation.max_files;
  }
  if (rotation.max_age.count() != 0) {
    auto const oldest = clock_.now() - rotation.max_age;
    while (remove < files.size()) {
      struct stat info{};
      if (::stat(files[remove].c_str(), &info) != 0) break;
      if (WallTime(std::chrono::seconds(info.st_mtim.tv_sec)) >= oldest) break;
      ++remove;
    }
  }
  for (std::size_t i = 0; i < remove; ++i) std::filesystem::remove(files[i], error);
  if (remove == 0) return;
  auto const next = remove < files.size() ? first_record(files[remove]) : std::nullopt;
  oldest_ = next.value_or(segment_);
}

}  // namespace aw::audit
