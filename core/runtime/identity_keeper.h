// SPDX-License-Identifier: Apache-2.0
// Keeps the process's credentials those of the latest identity snapshot, and tells everybody who
// must know.
//
// Takes snapshots from a provider's Watch, makes contexts for handshakes, publishes them, records
// rotations (metrics, audit, log, hooks). When the identity is withdrawn, or its time is over, it
// publishes a null: the listener then accepts nothing and outgoing calls fail. One thread of its
// own watches the expiry.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/audit/log.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/identity/config.h"
#include "core/identity/credentials.h"
#include "core/identity/provider.h"
#include "core/io/watch.h"
#include "core/metrics/registry.h"
#include "core/server/health.h"

namespace aw::runtime {

// What is published: null credentials = no usable identity now.
struct Current {
  std::shared_ptr<const identity::Credentials> credentials;
  std::shared_ptr<const identity::Snapshot> snapshot;
};

class IdentityKeeper {
 public:
  // Everything borrowed outlives the keeper; `spec` says whom to accept.
  struct Needs {
    identity::IdentityProvider& provider;
    identity::CredentialsSpec spec;
    std::vector<std::string> on_update;  // a command run after each new SVID; empty = none
    Clock const& clock;
    log::Log& log;
    metrics::Registry& metrics;
  };
  explicit IdentityKeeper(Needs needs);
  ~IdentityKeeper();
  IdentityKeeper(IdentityKeeper const&) = delete;
  IdentityKeeper& operator=(IdentityKeeper const&) = delete;

  // Starts the provider and waits for the first SVID, at most `timeout`. Blocks.
  // Once. Code::workload_api_*, no_svid, or what the provider says; `stop` ends the wait early.
  [[nodiscard]] Result<void> start(std::chrono::nanoseconds timeout, std::stop_token const& stop);
  // Stops the provider and the thread. Twice is fine.
  void stop();

  // Any thread. An SVID that cannot be used leaves the last good one in force until it expires.
  [[nodiscard]] io::Watch<Current>& current() { return current_; }
  // For /readyz: failed without a usable SVID, degraded while the provider is in trouble.
  [[nodiscard]] server::CheckResult check() const;
  [[nodiscard]] identity::IdentityProvider& provider() { return needs_.provider; }

  // Rotations from now on are audited there. Once, before traffic.
  void audit_to(audit::AuditLog& log);
  // Called after each new SVID, on the provider's thread; must be quick.
  void on_svid_update(std::function<void(identity::Svid const&)> hook);

 private:
  // Each snapshot, on the thread that published it.
  void take(std::shared_ptr<const identity::Snapshot> const& snapshot);
  void note_rotation(identity::Svid const& before, identity::Svid const& now);
  void run_hooks(identity::Svid const& svid);
  // The keeper's own thread: looks at the clock four times a second, so that a clock that jumps
  // is noticed soon.
  void watch_expiry();
  void drop_expired();
  void count_failures();
  void refresh_metrics();

  Needs const needs_;
  metrics::Counter& rotations_;
  metrics::Counter& rotation_errors_;
  metrics::Gauge& ttl_;
  metrics::Gauge& not_after_;
  metrics::Gauge& not_before_;
  metrics::Gauge& last_update_;
  metrics::Gauge& last_rotation_;
  metrics::Gauge& bundles_;
  io::Watch<identity::Snapshot> snapshots_;
  io::Watch<Current> current_;
  std::mutex publishing_;  // one after the other: the provider's threads and ours
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  audit::AuditLog* audit_ = nullptr;
  std::vector<std::function<void(identity::Svid const&)>> hooks_;
  std::mutex counting_;
  std::uint64_t counted_failures_ = 0;  // of the provider's; guarded by counting_
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aw::runtime
