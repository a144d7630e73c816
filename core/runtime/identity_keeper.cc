// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/identity_keeper.h"

#include <algorithm>
#include <utility>

#include "core/identity/first_snapshot.h"
#include "core/runtime/spawn.h"

namespace aw::runtime {
namespace {

// To make credentials of a snapshot takes milliseconds.
constexpr std::chrono::seconds kCredentialsTime{5};

bool same_leaf(identity::Svid const& a, identity::Svid const& b) { return a.leaf() == b.leaf(); }

}  // namespace

IdentityKeeper::IdentityKeeper(Needs needs)
    : needs_(std::move(needs)),
      rotations_(needs_.metrics.counter("agentweave_svid_rotation_total",
                                        "SVIDs that replaced an earlier one.")),
      rotation_errors_(needs_.metrics.counter(
          "agentweave_svid_rotation_errors_total",
          "Failures to reach the identity provider or to use what it sent.")),
      ttl_(needs_.metrics.gauge("agentweave_svid_ttl_seconds",
                                "Seconds until the current SVID expires; 0 without one.")),
      not_after_(needs_.metrics.gauge("agentweave_svid_not_after_timestamp_seconds",
                                      "When the current SVID expires.")),
      not_before_(needs_.metrics.gauge("agentweave_svid_not_before_timestamp_seconds",
                                       "From when the current SVID is valid.")),
      last_update_(needs_.metrics.gauge("agentweave_svid_last_update_timestamp_seconds",
                                        "When the identity provider last sent something.")),
      last_rotation_(needs_.metrics.gauge("agentweave_svid_last_rotation_timestamp_seconds",
                                          "When the SVID in use was taken into use.")),
      bundles_(needs_.metrics.gauge("agentweave_trust_bundles",
                                    "Trust domains whose bundle is known.")) {
  needs_.metrics.before_scrape([this] { refresh_metrics(); });
  snapshots_.on_change(
      [this](io::Watch<identity::Snapshot>::Seen const& seen) { take(seen.value); });
}

IdentityKeeper::~IdentityKeeper() { stop(); }

Result<void> IdentityKeeper::start(std::chrono::nanoseconds timeout, std::stop_token const& stop) {
  AW_TRY(needs_.provider.start(snapshots_));
  AW_TRY(identity::wait_first_snapshot(snapshots_, needs_.provider, timeout, stop));
  // The snapshot is there before its credentials are: those are made on the provider's thread. And
  // the first one may have said that there is no entry yet.
  auto const until = steady_now() + kCredentialsTime;
  for (auto seen = current_.latest(); !seen.value || !seen.value->credentials;) {
    auto const left = until - steady_now();
    if (left <= std::chrono::nanoseconds::zero()) {
      return make_error(Code::no_svid, "the first SVID cannot be used",
                        "see the log for what is wrong with it");
    }
    seen = current_.wait_newer(seen.version, left);
  }
  thread_ = std::thread([this] { watch_expiry(); });
  return {};
}

void IdentityKeeper::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  needs_.provider.stop();
}

void IdentityKeeper::audit_to(audit::AuditLog& log) {
  std::lock_guard const lock(mutex_);
  audit_ = &log;
}

void IdentityKeeper::on_svid_update(std::function<void(identity::Svid const&)> hook) {
  std::lock_guard const lock(mutex_);
  hooks_.push_back(std::move(hook));
}

void IdentityKeeper::take(std::shared_ptr<const identity::Snapshot> const& snapshot) {
  std::lock_guard const lock(publishing_);
  auto const before = current_.latest().value;
  if (!snapshot->has_identity()) {
    needs_.log.error(log::Component::identity,
                     "identity withdrawn: accepting nothing until a new SVID arrives");
    current_.publish(Current{.credentials = nullptr, .snapshot = snapshot});
    return;
  }
  auto made = identity::Credentials::make(snapshot, needs_.spec, needs_.clock);
  if (!made.ok()) {
    // The last good credentials stand until they expire.
    needs_.log.failed(log::Component::identity, log::Level::error, "SVID received but not usable",
                      made.error());
    rotation_errors_.add();
    return;
  }
  current_.publish(Current{.credentials = std::move(made).value(), .snapshot = snapshot});
  wake_.notify_all();
  bool const first = !before || !before->snapshot || !before->snapshot->has_identity();
  if (!first && !same_leaf(before->snapshot->svid(), snapshot->svid())) {
    note_rotation(before->snapshot->svid(), snapshot->svid());
  }
  if (first || !same_leaf(before->snapshot->svid(), snapshot->svid())) {
    last_rotation_.set(unix_seconds(needs_.clock.now()));
    run_hooks(snapshot->svid());
  }
}

void IdentityKeeper::note_rotation(identity::Svid const& before, identity::Svid const& now) {
  rotations_.add();
  auto const expiry = format_rfc3339(now.not_after());
  needs_.log.info(log::Component::identity, "SVID rotated",
                  {{"spiffe_id", now.id.text()}, {"expiry", expiry}});
  std::lock_guard const lock(mutex_);
  if (audit_ == nullptr) return;
  auto const serials = "{\"old_serial\":\"" + before.leaf().serial_hex() + "\",\"new_serial\":\"" +
                       now.leaf().serial_hex() + "\",\"expiry\":\"" + expiry + "\"}";
  audit::Event event;
  event.type = audit::EventType::identity_rotation;
  event.callee = now.id.text();
  event.outcome = "success";
  event.reason = "rotated";
  event.context_json = serials;
  if (auto recorded = audit_->record(event); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "rotation not recorded",
                      recorded.error());
  }
}

void IdentityKeeper::run_hooks(identity::Svid const& svid) {
  std::vector<std::function<void(identity::Svid const&)>> hooks;
  {
    std::lock_guard const lock(mutex_);
    hooks = hooks_;
  }
  for (auto const& hook : hooks) hook(svid);
  if (needs_.on_update.empty()) return;
  auto const started = spawn_detached(
      needs_.on_update, {"AGENTWEAVE_SPIFFE_ID=" + svid.id.text(),
                         "AGENTWEAVE_SVID_EXPIRY=" + format_rfc3339(svid.not_after())});
  if (!started.ok()) {
    needs_.log.failed(log::Component::identity, log::Level::warning, "on_svid_update command",
                      started.error());
  }
}

void IdentityKeeper::watch_expiry() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Looks four times a second, so that a clock that jumps (sleep, NTP) is noticed soon.
    wake_.wait_for(lock, std::chrono::milliseconds(250));
    lock.unlock();
    drop_expired();
    lock.lock();
  }
}

// A certificate that runs out is as good as none: nobody may be accepted or called with it.
void IdentityKeeper::drop_expired() {
  // No new SVID may arrive between the look and the word: it would be dropped with the old one.
  std::lock_guard const lock(publishing_);
  auto const seen = current_.latest().value;
  if (!seen || !seen->credentials || seen->credentials->not_after() > needs_.clock.now()) return;
  needs_.log.error(log::Component::identity, "SVID has expired and rotation failed: failing closed",
                   {{"spiffe_id", seen->credentials->self().text()}});
  current_.publish(Current{.credentials = nullptr, .snapshot = seen->snapshot});
}

// Two scrapes at once (9090 and the admin port) must not count the same failure twice, or the one
// that read first last.
void IdentityKeeper::count_failures() {
  std::lock_guard const lock(counting_);
  auto const failures = needs_.provider.status().failures;
  rotation_errors_.add(failures - counted_failures_);
  counted_failures_ = failures;
}

void IdentityKeeper::refresh_metrics() {
  count_failures();
  auto const status = needs_.provider.status();
  last_update_.set(unix_seconds(status.last_update));
  auto const seen = current_.latest().value;
  bool const usable = seen && seen->credentials;
  auto const now = needs_.clock.now();
  ttl_.set(usable ? std::max(0.0, unix_seconds(seen->credentials->not_after()) - unix_seconds(now))
                  : 0);
  not_before_.set(usable ? unix_seconds(seen->snapshot->svid().not_before()) : 0);
  not_after_.set(usable ? unix_seconds(seen->credentials->not_after()) : 0);
  bundles_.set(seen && seen->snapshot ? static_cast<double>(seen->snapshot->bundles.size()) : 0);
}

server::CheckResult IdentityKeeper::check() const {
  auto const seen = current_.latest().value;
  auto const status = needs_.provider.status();
  std::string const trouble = status.last_error ? status.last_error->text() : std::string();
  if (!seen || !seen->credentials) {
    return {server::CheckResult::State::failed,
            trouble.empty() ? "no usable SVID" : "no usable SVID; " + trouble};
  }
  auto const& credentials = *seen->credentials;
  auto const left = credentials.not_after() - needs_.clock.now();
  auto const life = credentials.not_after() - seen->snapshot->svid().not_before();
  // In hundredths of its life: nanoseconds of many years times 100 are no 64-bit number.
  auto const hundredth = life / 100;
  auto const percent = hundredth.count() > 0 ? left / hundredth : 0;
  std::string const text = credentials.self().text() + " " + format_duration(left) + " left (" +
                           std::to_string(percent) + "%)";
  if (status.state == identity::ProviderState::serving)
    return {server::CheckResult::State::ok, text};
  return {server::CheckResult::State::degraded,
          text + "; provider " + std::string(identity::state_name(status.state)) +
              (trouble.empty() ? "" : "; " + trouble)};
}

}  // namespace aw::runtime
