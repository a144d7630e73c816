// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace aw::a2a {
namespace {

constexpr std::uint32_t kMagic = 0x314A5441;  // kMark, little endian
constexpr std::string_view kMark = "ATJ1";
// magic 4, kind 4, length 8; then the bytes, then magic 4
constexpr std::size_t kHeader = 16;
constexpr std::size_t kTrailer = 4;
constexpr std::uint64_t kMostBytes = 256U << 20;  // above any task's limit

template <class T>
void put_raw(std::string& out, T value) {
  std::array<char, sizeof value> bytes{};
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

template <class T>
T get_raw(std::string_view from, std::size_t at) {
  T value{};
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

struct Entry {
  TaskJournal::Kind kind = TaskJournal::Kind::put;
  std::string_view bytes;
};

bool is_kind(std::uint32_t kind) {
  return kind >= 1 && kind <= static_cast<std::uint32_t>(TaskJournal::Kind::change);
}

// The entry at the front of `rest`; none when it is not whole.
std::optional<Entry> entry_at(std::string_view rest) {
  if (rest.size() < kHeader + kTrailer || get_raw<std::uint32_t>(rest, 0) != kMagic) return {};
  auto const kind = get_raw<std::uint32_t>(rest, 4);
  auto const length = get_raw<std::uint64_t>(rest, 8);
  if (!is_kind(kind)) return {};
  if (length > kMostBytes || rest.size() - kHeader - kTrailer < length) return {};
  if (get_raw<std::uint32_t>(rest, kHeader + length) != kMagic) return {};
  return Entry{static_cast<TaskJournal::Kind>(kind), rest.substr(kHeader, length)};
}

// What a crash leaves of an entry: its front.
bool is_torn(std::string_view rest) {
  if (rest.substr(0, kMark.size()) != kMark.substr(0, rest.size())) return false;
  if (rest.size() < kHeader) return true;
  auto const length = get_raw<std::uint64_t>(rest, 8);
  return is_kind(get_raw<std::uint32_t>(rest, 4)) && length <= kMostBytes &&
         rest.size() < kHeader + length + kTrailer;
}

// Where the next whole entry begins, from `at` on; the end when there is none.
std::size_t next_entry(std::string_view bytes, std::size_t at) {
  for (at = bytes.find(kMark, at); at != std::string_view::npos; at = bytes.find(kMark, at + 1))
    if (entry_at(bytes.substr(at))) return at;
  return bytes.size();
}

Error journal_failed(std::filesystem::path const& path, std::string_view doing, int number) {
  return errno_error(Code::state_unusable, std::string(doing) + " task journal " + path.string(),
                     number);
}

}  // namespace

void TaskJournal::frame(std::string& out, Kind kind, std::string_view bytes) {
  auto const began = open_frame(out);
  out.append(bytes);
  close_frame(out, began, kind);
}

std::size_t TaskJournal::open_frame(std::string& out) {
  auto const began = out.size();
  out.append(kHeader, '\0');
  return began;
}

void TaskJournal::close_frame(std::string& out, std::size_t began, Kind kind) {
  auto const kind_number = static_cast<std::uint32_t>(kind);
  std::uint64_t const length = out.size() - began - kHeader;
  std::memcpy(out.data() + began, &kMagic, sizeof kMagic);
  std::memcpy(out.data() + began + 4, &kind_number, sizeof kind_number);
  std::memcpy(out.data() + began + 8, &length, sizeof length);
  put_raw(out, kMagic);
}

Result<std::size_t> TaskJournal::entries(std::string_view bytes, Load const& load) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    auto const rest = bytes.substr(at);
    if (auto const entry = entry_at(rest)) {
      AW_TRY(load(entry->kind, entry->bytes));
      at += kHeader + entry->bytes.size() + kTrailer;
      continue;
    }
    auto const next = next_entry(bytes, at + 1);
    if (next == bytes.size() && is_torn(rest)) break;
    AW_TRY(load(Kind::damaged, bytes.substr(at, next - at)));
    at = next;
  }
  return at;
}

std::string TaskJournal::note_bytes(std::string_view key, std::string_view value) {
  std::string out;
  put_raw(out, static_cast<std::uint32_t>(key.size()));
  out.append(key).append(value);
  return out;
}

std::optional<std::pair<std::string, std::string>> TaskJournal::note_of(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  auto const size = get_raw<std::uint32_t>(bytes, 0);
  if (bytes.size() - 4 < size) return std::nullopt;
  return std::pair(std::string(bytes.substr(4, size)), std::string(bytes.substr(4 + size)));
}

Result<TaskJournal::File> TaskJournal::open_file(std::filesystem::path path) {
  File file{.path = std::move(path)};
  file.fd = Fd(::open(file.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.fd.open()) return journal_failed(file.path, "open", errno);
  if (::flock(file.fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Code::state_unusable,
                      "task journal " + file.path.string() + " is in use by another process",
                      "give each instance its own state.directory");
  }
  struct stat info{};
  if (::fstat(file.fd.get(), &info) != 0) return journal_failed(file.path, "stat", errno);
  file.size = static_cast<std::uint64_t>(info.st_size);
  file.changed = std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  return file;
}

// What it holds; half an entry at the end is cut off.
Result<std::string> TaskJournal::read(File& file) {
  std::string whole(file.size, '\0');
  std::size_t got = 0;
  while (got < whole.size()) {
    auto const n =
        ::pread(file.fd.get(), whole.data() + got, whole.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return journal_failed(file.path, "read", errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  whole.resize(got);
  if (auto const first = entry_at(whole);
      first && first->kind == Kind::begin && first->bytes.size() == sizeof file.turn)
    file.turn = get_raw<std::uint64_t>(first->bytes, 0);
  AW_TRY(auto const end, entries(whole, [](Kind, std::string_view) { return Result<void>(); }));
  whole.resize(end);
  if (end != file.size && ::ftruncate(file.fd.get(), static_cast<off_t>(end)) != 0)
    return journal_failed(file.path, "repair", errno);
  file.size = end;
  return whole;
}

Result<TaskJournal> TaskJournal::open(std::filesystem::path const& path, Load const& load) {
  TaskJournal out;
  std::array<std::string, 2> held;
  for (std::size_t i = 0; i < held.size(); ++i) {
    AW_TRY(out.files_[i], open_file(path.string() + "." + std::to_string(i)));
    AW_TRY(held[i], read(out.files_[i]));
  }
  out.current_ = out.newer();
  out.turns_ = std::max(out.files_[0].turn, out.files_[1].turn);
  for (auto const index : {1 - out.current_, out.current_}) {
    AW_TRY(entries(held[index], [&load](Kind kind, std::string_view bytes) {
      return kind == Kind::begin ? Result<void>() : load(kind, bytes);
    }));
  }
  return out;
}

std::size_t TaskJournal::newer() const {
  auto const& [first, second] = files_;
  auto const numbered = [](File const& file) { return file.size == 0 || file.turn != 0; };
  if (numbered(first) && numbered(second)) return first.turn > second.turn ? 0 : 1;
  return first.changed > second.changed ? 0 : 1;
}

Result<void> TaskJournal::append(std::string_view framed) {
  File& file = files_[current_];
  if (file.torn) {
    if (::ftruncate(file.fd.get(), static_cast<off_t>(file.size)) != 0)
      return journal_failed(file.path, "repair", errno);
    file.torn = false;
  }
  if (file.size != 0) return write(file, framed);
  std::string number;
  put_raw(number, turns_ + 1);
  std::string all;
  frame(all, Kind::begin, number);
  all.append(framed);
  AW_TRY(write(file, all));
  file.turn = ++turns_;
  return {};
}

Result<void> TaskJournal::write(File& file, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto const n = ::pwrite(file.fd.get(), bytes.data() + done, bytes.size() - done,
                            static_cast<off_t>(file.size + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      int const number = n == 0 ? ENOSPC : errno;
      file.torn = ::ftruncate(file.fd.get(), static_cast<off_t>(file.size)) != 0;
      return journal_failed(file.path, "write", number);
    }
    done += static_cast<std::size_t>(n);
  }
  file.size += bytes.size();
  return {};
}

Result<void> TaskJournal::drop(File& file) {
  if (file.size == 0 && !file.torn) return {};
  if (::ftruncate(file.fd.get(), 0) != 0) return journal_failed(file.path, "empty", errno);
  file.size = 0;
  file.turn = 0;
  file.torn = false;
  return {};
}

Result<void> TaskJournal::drop_old() { return drop(files_[1 - current_]); }

Result<void> TaskJournal::drop_all() {
  AW_TRY(drop(files_[1 - current_]));
  return drop(files_[current_]);
}

}  // namespace aw::a2a
