// SPDX-License-Identifier: Apache-2.0
#include "core/audit/spool_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

namespace aw::audit {
namespace {

constexpr std::size_t kBatchBytes = 256U << 10;
constexpr std::size_t kBatchLines = 500;

struct FileFacts {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
};

FileFacts facts_of(std::filesystem::path const& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {.inode = info.st_ino, .size = static_cast<std::uint64_t>(info.st_size)};
}

std::string read_at(std::filesystem::path const& path, std::uint64_t offset) {
  Fd const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) return {};
  std::string bytes(kBatchBytes, '\0');
  auto const n = ::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

}  // namespace

SpoolSink::SpoolSink(SpoolOptions options, std::unique_ptr<Transport> transport, Clock const& clock,
                     FileCalls& calls, Report report)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      report_(std::move(report)),
      file_(FileSinkOptions{.path = options_.directory / "spool.jsonl",
                            .rotation = {.max_bytes = options_.segment_bytes,
                                         .max_files = 0,
                                         .max_age = std::chrono::nanoseconds(0)},
                            .sync = Sync::kernel},
            clock, calls),
      backoff_(options_.retry_base, options_.retry_most) {}

SpoolSink::~SpoolSink() {
  sender_.request_stop();
  wake_.notify_all();
}

std::vector<std::filesystem::path> SpoolSink::segments() const {
  auto const current = options_.directory / "spool.jsonl";
  auto out = rotated_files(current);
  out.push_back(current);
  return out;
}

SpoolSink::Cursor SpoolSink::load_cursor() const {
  auto const text = fs::read_file(options_.directory / "cursor", 64);
  Cursor out;
  if (!text.ok()) return out;
  auto const* const end = text->data() + text->size();
  auto const inode = std::from_chars(text->data(), end, out.inode);
  if (inode.ec != std::errc{} || inode.ptr == end) return Cursor{};
  if (std::from_chars(inode.ptr + 1, end, out.offset).ec != std::errc{}) return Cursor{};
  return out;
}

Result<void> SpoolSink::save_cursor(Cursor cursor) const {
  return fs::write_file_atomic(options_.directory / "cursor",
                               std::to_string(cursor.inode) + " " + std::to_string(cursor.offset),
                               fs::Mode::private_file);
}

std::uint64_t SpoolSink::undelivered() const {
  std::uint64_t bytes = 0;
  for (auto const& segment : segments()) {
    auto const facts = facts_of(segment);
    if (facts.inode == cursor_.inode) {
      bytes = facts.size - std::min(facts.size, cursor_.offset);  // all before it has arrived
    } else {
      bytes += facts.size;
    }
  }
  return bytes;
}

Result<Resumed> SpoolSink::resume() {
  AW_TRY(auto resumed, file_.resume());
  cursor_ = load_cursor();
  waiting_ = undelivered();
  sender_ = std::jthread([this](std::stop_token const& stop) { deliver_all(stop); });
  return resumed;
}

Result<void> SpoolSink::append(Record const& record) {
  if (waiting_.load() + record.line.size() > options_.max_bytes) {
    return make_error(Code::audit_unavailable,
                      "audit spool of " + options_.name + " is full (" +
                          std::to_string(options_.max_bytes) + " bytes wait)",
                      "is the destination reachable?");
  }
  AW_TRY(file_.append(record));
  {
    std::lock_guard const lock(mutex_);
    waiting_ += record.line.size();
  }
  wake_.notify_one();
  return {};
}

void SpoolSink::flush(std::chrono::nanoseconds deadline) {
  std::unique_lock lock(mutex_);
  drained_.wait_for(lock, deadline, [this] { return waiting_.load() == 0; });
}

SpoolSink::Batch SpoolSink::next_batch() {
  bool reached = false;  // the cursor's file, or there is none any more
  auto const all = segments();
  for (auto const& segment : all) reached = reached || facts_of(segment).inode == cursor_.inode;
  if (!reached) cursor_ = Cursor{};
  reached = cursor_.inode == 0;
  for (auto const& segment : all) {
    auto const facts = facts_of(segment);
    bool const here = facts.inode == cursor_.inode;
    if (!reached && !here) continue;
    reached = true;
    Batch batch;
    batch.after = Cursor{.inode = facts.inode, .offset = here ? cursor_.offset : 0};
    auto const bytes = read_at(segment, batch.after.offset);
    std::size_t at = 0;
    // Only whole lines: the last one may be in the making.
    for (auto end = bytes.find('\n'); end != std::string::npos && batch.lines.size() < kBatchLines;
         end = bytes.find('\n', at)) {
      batch.lines.push_back(bytes.substr(at, end - at));
      at = end + 1;
    }
    batch.bytes = at;
    batch.after.offset += at;
    if (!batch.lines.empty()) return batch;
  }
  return {};
}

bool SpoolSink::deliver_one() {
  auto const batch = next_batch();
  if (batch.lines.empty()) return false;  // the files are not what they were: look again later
  if (auto const sent = transport_->deliver(batch.lines); !sent.ok()) {
    failing_ = true;
    report_(sent.error().text());
    return false;
  }
  cursor_ = batch.after;
  if (auto const saved = save_cursor(cursor_); !saved.ok()) report_(saved.error().text());
  // Files before the cursor's are done. The one it is in stays: it holds the chain's end.
  for (auto const& segment : segments()) {
    if (facts_of(segment).inode == cursor_.inode) break;
    std::error_code ignored;  // deleted at the next chance
    std::filesystem::remove(segment, ignored);
  }
  if (std::exchange(failing_, false)) report_({});
  std::lock_guard const lock(mutex_);
  waiting_ -= std::min(waiting_.load(), batch.bytes);
  if (waiting_.load() == 0) drained_.notify_all();
  return true;
}

void SpoolSink::deliver_all(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [this] { return waiting_.load() > 0; })) return;
    }
    if (deliver_one()) {
      backoff_.reset();
      continue;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, backoff_.next(), [] { return false; });
  }
}

}  // namespace aw::audit
