// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_client.h"

#include <optional>
#include <utility>

#include "core/identity/provider_journal.h"
#include "core/identity/workload_endpoint.h"
#include "core/identity/workload_message.h"
#include "core/identity/workload_reader.h"

namespace aw::identity {
namespace {

constexpr auto kIdentity = log::Component::identity;

}  // namespace

// Everything but `status` happens on the reader's thread.
struct WorkloadApiProvider::Impl final : WorkloadReader::Listener {
  Impl(WorkloadClientOptions given, Clock const& the_clock, log::Log& the_log)
      : options(std::move(given)), clock(the_clock), log(the_log) {}

  void received(X509SVIDResponse& message) override;
  std::optional<SteadyTime> ended(Error error, WorkloadReader::Next next) override;
  [[nodiscard]] std::optional<SteadyTime> doubt(Error const& error);
  void withdraw(Error const& error);
  void announce(Snapshot const& snapshot, ProviderJournal::Change change);

  WorkloadClientOptions const options;
  Clock const& clock;
  log::Log& log;
  ProviderJournal journal;
  io::Watch<Snapshot>* watch = nullptr;  // the caller's; set once, before the thread starts
  std::uint64_t generation = 0;
  bool held = false;  // an identity was published last
  // A denial that does not count yet, and when it will. Only a usable message takes it back.
  struct Denial {
    Error error;
    SteadyTime counts_at;
  };
  std::optional<Denial> denial;
  std::optional<WorkloadReader> reader;  // last: its thread uses all of the above
};

void WorkloadApiProvider::Impl::received(X509SVIDResponse& message) {
  auto snapshot = read_message(message, clock.now());
  wipe_keys(message);
  if (!snapshot.ok()) {
    auto const error = std::move(snapshot).error().within("workload api " + options.endpoint);
    log.failed(kIdentity, log::Level::error, "bad identity update, keeping the last good one",
               error);
    journal.malformed(error);
    if (denial) withdraw(Error(denial->error));  // the last word that could be read was no
    return;
  }
  if (!snapshot->has_identity()) {
    withdraw(make_error(Code::workload_api_denied,
                        "workload api " + options.endpoint + ": the update holds no SVID"));
    return;
  }
  denial.reset();
  held = true;
  snapshot->generation = ++generation;
  auto const change = journal.arrived(*snapshot);
  announce(*snapshot, change);
  watch->publish(std::move(snapshot).value());
}

void WorkloadApiProvider::Impl::announce(Snapshot const& snapshot, ProviderJournal::Change change) {
  if (change == ProviderJournal::Change::none) {
    log.debug(kIdentity, "identity update without a new SVID");
    return;
  }
  auto const& svid = snapshot.svid();
  auto const left = format_duration(svid.not_after() - snapshot.received);
  auto const expiry = format_rfc3339(svid.not_after());
  bool const first = change == ProviderJournal::Change::first;
  log.info(kIdentity, first ? "SVID received" : "SVID rotated",
           {{"spiffe_id", svid.id.text()},
            {"expiry", expiry},
            {"left", left},
            {"serial", svid.leaf().serial_hex()}});
}

void WorkloadApiProvider::Impl::withdraw(Error const& error) {
  denial.reset();
  held = false;
  if (!journal.denied(error, clock.now())) return;
  log.failed(kIdentity, log::Level::error, "identity withdrawn", error);
  Snapshot nothing;
  nothing.generation = ++generation;
  nothing.received = clock.now();
  watch->publish(std::move(nothing));
}

// Until when the denial is in doubt; none = it counts now.
std::optional<SteadyTime> WorkloadApiProvider::Impl::doubt(Error const& error) {
  if (!denial) {
    if (!held) return std::nullopt;
    denial = Denial{error, steady_now() + options.denial_stands};
    log.info(kIdentity, "the workload api denies us an identity: asking again",
             {{"reason", error.message}});
  }
  if (steady_now() >= denial->counts_at) return std::nullopt;
  return denial->counts_at;
}

std::optional<SteadyTime> WorkloadApiProvider::Impl::ended(Error error, WorkloadReader::Next next) {
  if (error.code == Code::workload_api_denied || denial) {
    bool const last = next == WorkloadReader::Next::gives_up;
    if (auto const until = last ? std::nullopt : doubt(error)) return until;
    auto const said = denial ? denial->error : error;  // what came after it was no denial, perhaps
    withdraw(said);
    if (!last) return std::nullopt;
  }
  bool const news = journal.unreachable(error);
  if (next == WorkloadReader::Next::gives_up) {
    log.failed(kIdentity, log::Level::error, "the workload api refuses us for good, no more tries",
               error);
  } else if (news) {
    log.failed(kIdentity, log::Level::warning,
               "workload api away, keeping the last SVID and retrying", error);
  }
  return std::nullopt;
}

WorkloadApiProvider::WorkloadApiProvider(WorkloadClientOptions options, Clock const& clock,
                                         log::Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), clock, log)) {}

WorkloadApiProvider::~WorkloadApiProvider() { stop(); }

Result<void> WorkloadApiProvider::start(io::Watch<Snapshot>& watch) {
  AW_TRY(auto endpoint, WorkloadEndpoint::parse(impl_->options.endpoint));
  impl_->watch = &watch;
  RetryTimes const times{.first = impl_->options.retry_first, .most = impl_->options.retry_most};
  impl_->reader.emplace(std::move(endpoint), times, *impl_);
  impl_->reader->start();
  return {};
}

void WorkloadApiProvider::stop() {
  if (impl_->reader) impl_->reader->stop();
}

ProviderStatus WorkloadApiProvider::status() const {
  return impl_->journal.status(impl_->clock.now());
}

}  // namespace aw::identity
