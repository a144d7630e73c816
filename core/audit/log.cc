// SPDX-License-Identifier: Apache-2.0
#include "core/audit/log.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

#include "core/audit/chain.h"
#include "core/audit/open_sinks.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/io/turn.h"

namespace aw::audit {
namespace {

struct Meters {
  metrics::Counter& records;
  metrics::Family<metrics::Counter>& errors;
  metrics::Gauge& healthy;

  explicit Meters(metrics::Registry& registry)
      : records(registry.counter("agentweave_audit_records_total", "Audit records written.")),
        errors(registry.counter_family("agentweave_audit_errors_total",
                                       "Audit records a destination did not take.",
                                       {"destination"})),
        healthy(registry.gauge("agentweave_audit_healthy",
                               "1 while the primary audit destination takes records.")) {}
};

struct Destinations {
  struct One {
    std::unique_ptr<AuditSink> sink;
    metrics::Counter* errors = nullptr;
    bool failing = false;
  };
  std::vector<One> all;  // the primary first
};

// `"hash":"<64>"}` and the newline end every line.
std::string_view hash_of(std::string_view line) { return line.substr(line.size() - 67, 64); }

// Records on their way. On a loop: those of this turn.
struct Pending {
  struct One {
    std::string members;
    Result<void>* outcome = nullptr;  // in the frame of whoever waits
    Result<void> const* unless_failed = nullptr;
  };
  std::vector<One> all;
  std::deque<Result<void>> unwaited;  // outcomes of those that nobody waits for
  io::Waiters waiters;
};

}  // namespace

struct AuditLog::Impl {
  Needs needs;
  Meters meters;
  // Guards what follows. Held for one hash and one write of each destination.
  mutable std::mutex mutex;
  Destinations destinations;
  Chain chain;
  std::string lines;  // of one batch
  std::vector<Record> records;
  std::uint64_t written = 0;
  std::string last_error;
  std::string log_id;
  bool closed = false;
  std::unique_ptr<Sealer> sealer;  // last: its thread uses the rest

  Impl(Needs given, std::vector<std::unique_ptr<AuditSink>> sinks)
      : needs(std::move(given)), meters(needs.metrics), chain(ChainHead{}) {
    // The first that keeps what it took decides; the others keep their order.
    auto const primary = std::ranges::find_if(
        sinks, [](auto const& sink) { return sink->keeps() == Keeps::records; });
    if (primary != sinks.end()) std::rotate(sinks.begin(), primary, primary + 1);
    for (auto& sink : sinks) {
      auto* const errors = &meters.errors.at({sink->name()});
      destinations.all.push_back({.sink = std::move(sink), .errors = errors, .failing = false});
    }
  }

  void members_of(Event const& event, std::string& out) const;
  // This turn's records; at its end they are appended, and who waits goes on.
  [[nodiscard]] Pending& pending_of(io::Turn& turn);
  // What `pending` collected, into every destination; each of them gets its own outcome.
  void append(Pending& pending);
  void unwritten(Error const& error) const;
  void append_locked(Pending& pending);
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] Result<std::uint64_t> append_checkpoint(std::string const& members,
                                                        std::uint64_t covers);
  // With the mutex held.
  void seal_the_end();
  void seal_as_it_is();
  Appended append_to_primary(Batch const& batch);
  void append_to_others(Batch const& batch);
  void primary_failed(Error const& error);
};

void AuditLog::Impl::members_of(Event const& event, std::string& out) const {
  auto const time = event.time == WallTime{} ? needs.clock.now() : event.time;
  std::string made;
  // A decision has an id of its own already.
  auto id = event.audit_id.empty() ? event.decision_id : event.audit_id;
  if (id.empty()) id = made = time_ordered_id(time, "a-");
  append_members(out, event, needs.agent_name, {.audit_id = id, .time = time});
}

Pending& AuditLog::Impl::pending_of(io::Turn& turn) {
  auto& pending = turn.local<Pending>(this);
  if (pending.all.empty()) {
    turn.defer(io::Turn::Stage::record, [this, &pending] {
      append(pending);
      pending.all.clear();
      for (auto const& outcome : pending.unwaited)
        if (!outcome.ok()) unwritten(outcome.error());
      pending.unwaited.clear();
      pending.waiters.release();
    });
  }
  return pending;
}

void AuditLog::Impl::append(Pending& pending) {
  std::lock_guard const lock(mutex);
  append_locked(pending);
}

void AuditLog::Impl::unwritten(Error const& error) const {
  needs.log.failed(log::Component::audit, log::Level::error,
                   "no audit record of what nobody waits for", error);
}

void AuditLog::Impl::append_locked(Pending& pending) {
  if (closed) {
    for (auto& one : pending.all)
      *one.outcome = make_error(Code::audit_unavailable, "the audit log is closed");
    return;
  }
  auto const before = chain.head();
  lines.clear();
  records.clear();
  for (auto& one : pending.all) {
    if (one.unless_failed != nullptr && !one.unless_failed->ok()) {
      *one.outcome = one.unless_failed->error();
      continue;
    }
    auto sealed = chain.seal(one.members);
    if (!sealed.ok()) {
      *one.outcome = std::move(sealed).error();
      continue;
    }
    *one.outcome = Result<void>();
    // As a place in `lines` until that has stopped growing.
    records.push_back({.seq = sealed->seq, .line = sealed->line, .hash = {}});
    lines.append(sealed->line);
    chain.commit();
  }
  char const* at = lines.data();
  for (auto& record : records) {
    record.line = {at, record.line.size()};
    record.hash = hash_of(record.line);
    at += record.line.size();
  }
  auto const taken = append_to_primary({.records = records, .lines = lines});
  auto const stored = taken.count;
  written += stored;
  meters.records.add(stored);
  if (stored == records.size()) return;
  chain.rewind(stored == 0 ? before
                           : ChainHead{.seq = records[stored - 1].seq,
                                       .hash = std::string(records[stored - 1].hash)});
  std::size_t index = 0;
  for (auto& one : pending.all) {
    if (one.outcome->ok() && index++ >= stored) *one.outcome = *taken.error;
  }
}

Standing AuditLog::Impl::standing() const {
  Standing out{.head = chain.head()};
  if (destinations.all.empty()) return out;
  out.first = destinations.all.front().sink->oldest();
  out.segment = destinations.all.front().sink->segment();
  return out;
}

Result<std::uint64_t> AuditLog::Impl::append_checkpoint(std::string const& members,
                                                        std::uint64_t covers) {
  std::lock_guard const lock(mutex);
  if (chain.head().seq + 1 - covers > kMaxLag) {
    return make_error(Code::audit_unavailable, "too many records came while signing");
  }
  Result<void> outcome;
  Pending one;
  one.all.push_back({.members = members, .outcome = &outcome});
  append_locked(one);
  AW_TRY(std::move(outcome));
  return chain.head().seq;
}

void AuditLog::Impl::seal_the_end() {
  auto const segment = standing().segment;
  seal_as_it_is();
  // That began a new file itself: what it retired, and its signer, are to be vouched for too.
  if (standing().segment != segment) seal_as_it_is();
}

void AuditLog::Impl::seal_as_it_is() {
  auto const end = standing();
  auto const members = sealer->sign(end, SealReason::shutdown);
  Result<void> outcome;
  if (members.ok()) {
    Pending one;
    one.all.push_back({.members = *members, .outcome = &outcome});
    append_locked(one);
  } else {
    outcome = members.error();
  }
  if (outcome.ok()) return sealer->sealed(chain.head().seq);
  needs.log.failed(log::Component::audit, log::Level::error, "the audit log's end is not signed",
                   outcome.error());
}

// How many it took; the other destinations are given no more than those.
Appended AuditLog::Impl::append_to_primary(Batch const& batch) {
  if (destinations.all.empty() || batch.records.empty())
    return {.count = batch.records.size(), .error = {}};
  auto& primary = destinations.all.front();
  auto taken = primary.sink->append_all(batch);
  if (taken.error) {
    primary.errors->add(batch.records.size() - taken.count);
    primary_failed(*taken.error);
  } else if (std::exchange(primary.failing, false)) {
    meters.healthy.set(1);
    last_error.clear();
    needs.log.info(log::Component::audit, "audit log takes records again");
  }
  std::size_t bytes = 0;
  for (auto const& record : batch.records.first(taken.count)) bytes += record.line.size();
  append_to_others(
      {.records = batch.records.first(taken.count), .lines = batch.lines.substr(0, bytes)});
  return taken;
}

void AuditLog::Impl::primary_failed(Error const& error) {
  last_error = error.text();
  meters.healthy.set(0);
  // Said once an outage, not once a request.
  if (!std::exchange(destinations.all.front().failing, true)) {
    needs.log.failed(log::Component::audit, log::Level::critical,
                     "audit log unavailable: every request is denied", error);
  }
}

void AuditLog::Impl::append_to_others(Batch const& batch) {
  if (batch.records.empty()) return;
  for (auto& other : std::span(destinations.all).subspan(1)) {
    auto const taken = other.sink->append_all(batch);
    bool const was_failing = std::exchange(other.failing, taken.error.has_value());
    if (!taken.error) continue;
    other.errors->add(batch.records.size() - taken.count);
    if (!was_failing) {
      needs.log.failed(log::Component::audit, log::Level::error,
                       "an audit destination misses records", *taken.error);
    }
  }
}

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AuditLog::~AuditLog() { close(std::chrono::nanoseconds(0)); }

Result<std::unique_ptr<AuditLog>> AuditLog::open(Config const& config, Needs needs) {
  if (!config.enabled) return open(std::vector<std::unique_ptr<AuditSink>>{}, std::move(needs));
  if (config.destinations.empty()) {
    return make_error(Code::audit_unavailable, "no audit destination is configured");
  }
  AW_TRY(auto sinks, open_sinks(config, needs.state_directory, needs.clock, needs.log));
  return open(std::move(sinks), std::move(needs));
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(std::vector<std::unique_ptr<AuditSink>> sinks,
                                                 Needs needs) {
  auto impl = std::make_unique<Impl>(std::move(needs), std::move(sinks));
  std::vector<std::string> notes;
  for (auto& destination : impl->destinations.all) {
    AW_TRY(auto resumed, destination.sink->resume());
    if (&destination == &impl->destinations.all.front()) {
      impl->chain = Chain(resumed.head);
      impl->log_id = std::move(resumed.log_id);
    }
    std::ranges::move(resumed.notes, std::back_inserter(notes));
  }
  impl->meters.healthy.set(1);
  if (impl->log_id.empty()) impl->log_id = random_hex(16);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(std::move(impl)));
  for (auto const& note : notes) {
    Event event{.type = EventType::audit_log, .outcome = "success", .reason = note};
    AW_TRY(log->record(event));
  }
  return log;
}

Result<void> AuditLog::record(Event const& event) {
  Result<void> outcome;
  Pending one;
  one.all.push_back({.members = {}, .outcome = &outcome});
  impl_->members_of(event, one.all.back().members);
  impl_->append(one);
  return outcome;
}

io::Task<Result<void>> AuditLog::recorded(Event const& event, Result<void> const* unless_failed) {
  auto* const turn = io::Turn::current();
  if (turn == nullptr) {
    if (unless_failed != nullptr && !unless_failed->ok()) co_return unless_failed->error();
    co_return record(event);
  }
  Result<void> outcome;
  auto& pending = impl_->pending_of(*turn);
  pending.all.push_back({.members = {}, .outcome = &outcome, .unless_failed = unless_failed});
  impl_->members_of(event, pending.all.back().members);
  co_await pending.waiters.wait();
  co_return outcome;
}

void AuditLog::record_soon(Event const& event) {
  auto* const turn = io::Turn::current();
  if (turn == nullptr) {
    if (auto recorded = record(event); !recorded.ok()) impl_->unwritten(recorded.error());
    return;
  }
  auto& pending = impl_->pending_of(*turn);
  auto& outcome = pending.unwaited.emplace_back();
  pending.all.push_back({.members = {}, .outcome = &outcome});
  impl_->members_of(event, pending.all.back().members);
}

void AuditLog::sign_with(CheckpointConfig const& config, SignerSource signer) {
  auto& impl = *impl_;
  impl.sealer = std::make_unique<Sealer>(Sealer::Needs{
      .clock = impl.needs.clock,
      .log = impl.needs.log,
      .metrics = impl.needs.metrics,
      .agent_name = impl.needs.agent_name,
      .log_id = impl.log_id,
      .config = config,
      .signer = std::move(signer),
      .standing =
          [&impl] {
            std::lock_guard const lock(impl.mutex);
            return impl.standing();
          },
      .append = [&impl](std::string const& members,
                        std::uint64_t covers) { return impl.append_checkpoint(members, covers); }});
  if (auto sealed = impl.sealer->seal(SealReason::start); !sealed.ok()) {
    impl.needs.log.failed(log::Component::audit, log::Level::error, "audit log not signed",
                          sealed.error());
  }
}

void AuditLog::seal_soon(SealReason why) {
  if (impl_->sealer) impl_->sealer->seal_soon(why);
}

Result<void> AuditLog::seal(SealReason why) {
  if (!impl_->sealer) return make_error(Code::no_svid, "the audit log is not signed");
  return impl_->sealer->seal(why);
}

LogStatus AuditLog::status() const {
  std::lock_guard const lock(impl_->mutex);
  LogStatus out{.records = impl_->written,
                .seq = impl_->chain.head().seq,
                .hash = impl_->chain.head().hash,
                .log_id = impl_->log_id,
                .last_error = impl_->last_error,
                .destinations = {},
                .undelivered = {}};
  for (auto const& destination : impl_->destinations.all) {
    out.destinations.push_back(destination.sink->name());
    out.undelivered[destination.sink->name()] += destination.sink->waiting_bytes();
  }
  return out;
}

void AuditLog::close(std::chrono::nanoseconds deadline) {
  if (impl_->sealer) impl_->sealer->stop();
  {
    std::unique_lock<std::mutex> alone;
    if (impl_->sealer) alone = impl_->sealer->hold();
    std::lock_guard const lock(impl_->mutex);
    if (impl_->closed) return;
    if (impl_->sealer) impl_->seal_the_end();
    impl_->closed = true;
  }
  // Nothing appends any more, so that the sinks need no lock.
  auto const until = impl_->needs.clock.steady() + deadline;
  for (auto& destination : impl_->destinations.all) {
    destination.sink->flush(
        std::max<std::chrono::nanoseconds>(until - impl_->needs.clock.steady(), {}));
  }
}

}  // namespace aw::audit
