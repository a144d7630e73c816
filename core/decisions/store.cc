// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/decisions/segments.h"
#include "core/io/turn.h"

namespace aw::decisions {
namespace {

constexpr auto kImportEvery = std::chrono::seconds(5);
constexpr auto kRetireEvery = 64;              // imports
constexpr std::uint64_t kRetireAtGrowth = 16;  // or after this part of max_bytes

Error unusable(std::string const& doing, int number) {
  return errno_error(Code::state_unusable, "decision store: " + doing, number);
}

// What the database has no room for must be as safe as what it has.
Result<void> sync_file(std::filesystem::path const& path) {
  Fd const fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.open() || ::fdatasync(fd.get()) != 0) return unusable("sync " + path.string(), errno);
  return {};
}

}  // namespace

struct Store::Pending {
  std::string frames;
  Extent extent;
  std::vector<Ticket*> tickets;
  io::Waiters waiters;
};

Store::Store(std::filesystem::path directory, Config config, Needs needs, Database database,
             Masks masks)
    : directory_(std::move(directory)),
      config_(std::move(config)),
      needs_(std::move(needs)),
      masks_(std::move(masks)),
      meters_{needs_.metrics.counter("agentweave_decisions_kept_total",
                                     "Decisions written to the decision store."),
              needs_.metrics.counter("agentweave_decisions_refused_total",
                                     "Requests denied because their decision could not be kept."),
              needs_.metrics.counter("agentweave_decisions_retired_total",
                                     "Kept decisions that became too old or too many.")},
      database_(std::move(database)) {}

Store::~Store() { stop(); }

Result<std::unique_ptr<Store>> Store::open(std::filesystem::path directory, Config const& config,
                                           Needs needs) {
  AW_TRY(auto masks, Masks::parse(config));
  AW_TRY(fs::make_private_directory(directory));
  AW_TRY(auto database, Database::open(directory / kDatabaseFile, Database::Access::read_write));
  auto store = std::unique_ptr<Store>(new Store(std::move(directory), config, std::move(needs),
                                                std::move(database), std::move(masks)));
  AW_TRY(store->lock());
  AW_TRY(store->bring_over_rest());
  auto* const self = store.get();
  store->thread_ =
      std::jthread([self](std::stop_token const& stop) { self->keep_importing(stop); });
  return store;
}

Result<void> Store::lock() {
  auto const path = (directory_ / "lock").string();
  lock_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_.open()) return unusable("open " + path, errno);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Code::state_unusable,
                      "decision store " + directory_.string() + " is in use by another process",
                      "give each agent its own state.directory");
  }
  return {};
}

Result<void> Store::bring_over_rest() {
  AW_TRY(auto last, database_.imported());
  for (auto const number : segments_in(directory_)) {
    AW_TRY(import_left(number));
    last = std::max(last, number);
  }
  return begin_segment(last + 1);
}

std::filesystem::path Store::segment_path(std::uint64_t number) const {
  return segment_in(directory_, number);
}

Result<void> Store::begin_segment(std::uint64_t number) {
  auto const path = segment_path(number).string();
  Fd fd(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.open()) return unusable("open " + path, errno);
  current_ = Segment{.number = number, .fd = std::move(fd), .extent = {}};
  torn_ = false;
  return {};
}

void Store::frame(std::string& out, Fields const& fields, Extent& extent) const {
  auto const before = out.size();
  append_masked_frame(out, fields, masks_, needs_.input_of);
  auto const time = fields.numbers[static_cast<std::size_t>(Number::time)];
  extent.add(static_cast<std::int64_t>(time), out.size() - before);
}

Store::Pending& Store::pending_of(io::Turn& turn) {
  auto& pending = turn.local<Pending>(this);
  if (pending.frames.empty()) {
    turn.defer(io::Turn::Stage::record, [this, &pending] {
      auto const outcome = append(pending.frames, pending.extent);
      if (outcome.ok()) meters_.kept.add(pending.extent.decisions);
      for (auto* const waiting : pending.tickets) {
        waiting->outcome = outcome;
        waiting->written = true;
      }
      pending.frames.clear();
      pending.extent = {};
      pending.tickets.clear();
      pending.waiters.release();
    });
  }
  return pending;
}

void Store::keep(Fields const& fields, Ticket& ticket, std::string* copy) {
  auto* const turn = io::Turn::current();
  if (turn == nullptr) return keep_now(fields, ticket, copy);
  keep_soon(fields, copy);
  pending_of(*turn).tickets.push_back(&ticket);
}

void Store::keep_soon(Fields const& fields, std::string* copy) {
  auto* const turn = io::Turn::current();
  if (turn == nullptr) {
    Ticket nobodys;
    return keep_now(fields, nobodys, copy);
  }
  auto& pending = pending_of(*turn);
  auto const before = pending.frames.size();
  frame(pending.frames, fields, pending.extent);
  if (copy != nullptr) copy->assign(pending.frames, before);
}

void Store::keep_now(Fields const& fields, Ticket& ticket, std::string* copy) {
  std::string frames;
  Extent extent;
  frame(frames, fields, extent);
  if (copy != nullptr) *copy = frames;
  ticket.outcome = append(frames, extent);
  ticket.written = true;
  if (ticket.outcome.ok()) meters_.kept.add();
}

io::Task<Result<void>> Store::settled(Ticket& ticket) {
  if (!ticket.written) co_await io::Turn::current()->local<Pending>(this).waiters.wait();
  co_return std::move(ticket.outcome);
}

Result<void> Store::append(std::string_view frames, Extent const& extent) {
  std::lock_guard const lock(writing_);
  auto const refuse = [this, &extent](Error error) -> Result<void> {
    meters_.refused.add(extent.decisions);
    return error;
  };
  if (current_.extent.bytes >= kSegmentBytes || torn_) {
    if (waiting_.size() >= kMostSegments) {
      return refuse(
          make_error(Code::state_unusable, "decision store: the database cannot keep up"));
    }
    if (auto turned = turn_over(); !turned.ok()) return refuse(std::move(turned).error());
    wake_.notify_all();
  }
  std::size_t done = 0;
  while (done < frames.size()) {
    auto const n = ::write(current_.fd.get(), frames.data() + done, frames.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    auto const number = n == 0 ? ENOSPC : errno;
    if (done > 0)
      torn_ = ::ftruncate(current_.fd.get(), static_cast<off_t>(current_.extent.bytes)) != 0;
    return refuse(unusable("write", number));
  }
  current_.extent.add(extent);
  return {};
}

Result<void> Store::turn_over() {
  Waiting const full{.number = current_.number, .extent = current_.extent};
  AW_TRY(begin_segment(full.number + 1));
  waiting_.push_back(full);
  return {};
}

Result<void> Store::import_extent(std::uint64_t number, Extent const& extent) {
  AW_TRY(sync_file(segment_path(number)));
  AW_TRY(database_.add_block(number, extent, {}));
  grown_ += extent.bytes;
  return {};
}

Result<void> Store::import_frames(std::uint64_t number) {
  AW_TRY(auto const frames, read_segment(directory_, number));
  auto const extent = extent_of(frames);
  if (extent.bytes >= kFullSegment) return import_extent(number, extent);
  AW_TRY(database_.add_block(number, extent, frames));
  std::error_code ignored;  // found again, and skipped, at the next start
  std::filesystem::remove(segment_path(number), ignored);
  return {};
}

// One that an earlier process left.
Result<void> Store::import_left(std::uint64_t number) {
  AW_TRY(auto const last, database_.imported());
  if (number > last) return import_frames(number);
  AW_TRY(bool const needed, database_.needs_segment(number));
  std::error_code ignored;  // found again, and skipped, at the next start
  if (!needed) std::filesystem::remove(segment_path(number), ignored);
  return {};
}

Result<void> Store::import_waiting() {
  for (;;) {
    Waiting next;
    {
      std::lock_guard const lock(writing_);
      if (waiting_.empty()) return {};
      next = waiting_.front();
    }
    bool const stays = next.extent.bytes >= kFullSegment;
    AW_TRY(stays ? import_extent(next.number, next.extent) : import_frames(next.number));
    std::lock_guard const lock(writing_);
    waiting_.erase(waiting_.begin());
  }
}

Result<void> Store::flush() {
  std::lock_guard const one(importing_);
  {
    std::lock_guard const lock(writing_);
    if (current_.extent.bytes > 0) AW_TRY(turn_over());
  }
  return import_waiting();
}

Result<void> Store::keep_policy(KeptPolicy const& policy) {
  std::lock_guard const one(importing_);
  return database_.keep_policy(policy, needs_.clock.now());
}

void Store::keep_importing(std::stop_token const& stop) {
  for (std::uint64_t round = 0; !stop.stop_requested(); ++round) {
    {
      std::unique_lock lock(waking_);
      wake_.wait_for(lock, stop, kImportEvery, [this] {
        std::lock_guard const writing(writing_);
        return !waiting_.empty();
      });
    }
    auto done = flush();
    if (done.ok() && (round % kRetireEvery == 0 || retiring_is_due())) {
      done = retire();
    }
    if (!done.ok() && !std::exchange(failing_, true)) {
      needs_.log.failed(log::Component::authz, log::Level::error, "decision store", done.error());
    }
    if (done.ok()) failing_ = false;
  }
}

bool Store::retiring_is_due() {
  std::lock_guard const one(importing_);
  return grown_ >= config_.max_bytes / kRetireAtGrowth;
}

Result<void> Store::retire() {
  std::lock_guard const one(importing_);
  grown_ = 0;
  AW_TRY(auto const gone,
         database_.retire(config_.max_bytes, needs_.clock.now() - config_.max_age));
  meters_.retired.add(gone.decisions);
  if (gone.segment == 0) return {};
  for (auto const number : segments_in(directory_)) {
    if (number > gone.segment) break;
    std::error_code ignored;  // found again at the next start, as one that nobody needs
    std::filesystem::remove(segment_path(number), ignored);
  }
  return {};
}

void Store::stop() {
  thread_.request_stop();
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  if (auto done = flush(); !done.ok()) {
    needs_.log.failed(log::Component::authz, log::Level::error, "decision store", done.error());
  }
}

std::string Store::document(std::size_t most, std::string_view agent_name) {
  std::string out = "{\"result\":[";
  std::size_t count = 0;
  LastWord last;
  auto const take = [&](std::string_view frames) {
    auto const entries = entries_of(frames);
    for (auto entry = entries.rbegin(); entry != entries.rend() && count < most; ++entry) {
      if (!last.is(*entry)) continue;
      if (count++ > 0) out += ',';
      out += event_json(*entry, needs_.input_of, agent_name);
    }
    return count < most ? Database::More::yes : Database::More::stop;
  };
  // What cannot be read is told by the log and the metrics; the admin page shows what there is.
  static_cast<void>(flush().ok());
  std::lock_guard const one(importing_);
  static_cast<void>(each_block(database_, directory_, WallTime{}, take).ok());
  return out + "]}";
}

}  // namespace aw::decisions
