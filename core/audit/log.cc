// SPDX-License-Identifier: Apache-2.0
#include "core/audit/log.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "core/audit/chain.h"
#include "core/audit/open_sinks.h"
#include "core/base/json.h"
#include "core/base/random.h"

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

}  // namespace

struct AuditLog::Impl {
  Needs needs;
  Meters meters;
  // Guards what follows. Held for one hash and one write of each destination.
  mutable std::mutex mutex;
  Destinations destinations;
  Chain chain;
  std::uint64_t written = 0;
  std::string last_error;
  bool closed = false;

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

  Result<void> append(std::string_view members);
  void append_to_others(Record const& record);
  void primary_failed(Error const& error);
};

Result<void> AuditLog::Impl::append(std::string_view members) {
  std::lock_guard const lock(mutex);
  if (closed) return make_error(Code::audit_unavailable, "the audit log is closed");
  AW_TRY(auto const record, chain.seal(members));
  if (!destinations.all.empty()) {
    auto& primary = destinations.all.front();
    if (auto stored = primary.sink->append(record); !stored.ok()) {
      primary.errors->add();
      primary_failed(stored.error());
      return stored;
    }
    if (std::exchange(primary.failing, false)) {
      meters.healthy.set(1);
      last_error.clear();
      needs.log.info(log::Component::audit, "audit log takes records again");
    }
    append_to_others(record);
  }
  chain.commit();
  ++written;
  meters.records.add();
  return {};
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

void AuditLog::Impl::append_to_others(Record const& record) {
  for (auto& other : std::span(destinations.all).subspan(1)) {
    auto const stored = other.sink->append(record);
    bool const was_failing = std::exchange(other.failing, !stored.ok());
    if (stored.ok()) continue;
    other.errors->add();
    if (!was_failing) {
      needs.log.failed(log::Component::audit, log::Level::error,
                       "an audit destination misses records", stored.error());
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
    if (&destination == &impl->destinations.all.front()) impl->chain = Chain(resumed.head);
    std::ranges::move(resumed.notes, std::back_inserter(notes));
  }
  impl->meters.healthy.set(1);
  auto log = std::unique_ptr<AuditLog>(new AuditLog(std::move(impl)));
  for (auto const& note : notes) {
    Event event{.type = EventType::audit_log, .outcome = "success", .reason = note};
    AW_TRY(log->record(event));
  }
  return log;
}

Result<void> AuditLog::record(Event const& event) {
  auto const now = impl_->needs.clock.now();
  std::string members;
  if (event.audit_id.empty() || event.time == WallTime{}) {
    Event filled = event;
    // A decision has an id of its own already, and asking the kernel for another one costs.
    if (filled.audit_id.empty()) filled.audit_id = filled.decision_id;
    if (filled.audit_id.empty()) filled.audit_id = "a-" + time_ordered_id(now);
    if (filled.time == WallTime{}) filled.time = now;
    append_members(members, filled, impl_->needs.agent_name);
  } else {
    append_members(members, event, impl_->needs.agent_name);
  }
  return impl_->append(members);
}

LogStatus AuditLog::status() const {
  std::lock_guard const lock(impl_->mutex);
  LogStatus out{.records = impl_->written,
                .seq = impl_->chain.head().seq,
                .hash = impl_->chain.head().hash,
                .last_error = impl_->last_error,
                .destinations = {}};
  for (auto const& destination : impl_->destinations.all) {
    out.destinations.push_back(destination.sink->name());
  }
  return out;
}

void AuditLog::close(std::chrono::nanoseconds deadline) {
  {
    std::lock_guard const lock(impl_->mutex);
    if (std::exchange(impl_->closed, true)) return;
  }
  // Nothing appends any more, so that the sinks need no lock.
  auto const until = impl_->needs.clock.steady() + deadline;
  for (auto& destination : impl_->destinations.all) {
    destination.sink->flush(
        std::max<std::chrono::nanoseconds>(until - impl_->needs.clock.steady(), {}));
  }
}

}  // namespace aw::audit
