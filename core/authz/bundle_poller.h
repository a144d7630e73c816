// SPDX-License-Identifier: Apache-2.0
// Keeps the policy store supplied from a bundle service.
//
// One thread of its own. The last bundle that came into force is kept in the state directory and
// used at start when the service is down; it is verified again like any other. A download that
// fails, and a bundle that is refused, change nothing. `poll` and `start` must not be called at the
// same time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/authz/bundle_source.h"
#include "core/authz/config.h"
#include "core/authz/meters.h"
#include "core/authz/policy_store.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/io/backoff.h"

namespace aw::authz {

// The last bundle in force, below the state directory.
inline constexpr char kKeptBundle[] = "policy-bundle.tar.gz";

class BundlePoller {
 public:
  // `store`, `clock` and `log` outlive it; the source's only caller is this.
  struct Needs {
    std::unique_ptr<BundleSource> source;
    PolicyStore& store;
    Clock const& clock;
    log::Log& log;
    std::shared_ptr<Meters> meters;
    std::string state_directory;  // empty: nothing is kept
  };
  BundlePoller(BundleConfig config, Needs needs);
  ~BundlePoller();
  BundlePoller(BundlePoller const&) = delete;
  BundlePoller& operator=(BundlePoller const&) = delete;

  // Once now, blocking; when that fails the kept bundle, if there is one. Then, with a thread,
  // again and again. An error only says that there is no policy yet: everything is denied.
  [[nodiscard]] Result<void> start();
  // One look at the service; an alarm in the log when no good bundle came for too long.
  // Blocks for a download, a compilation and the policy's own tests. An error: nothing changed.
  [[nodiscard]] Result<void> poll();
  // How long until the next: between min and max after a success, backing off after a failure.
  [[nodiscard]] std::chrono::nanoseconds next_delay(Result<void> const& last);

  // "the bundle service has been silent for 3h (max 1h)"; empty while it is not. Any thread.
  [[nodiscard]] std::string staleness() const;
  // The gauges; called before a scrape. Any thread.
  void measure() const;

 private:
  // What the state directory held: the archive, its ETag, and when it came.
  struct Kept {
    std::shared_ptr<const std::string> archive;
    std::string etag;
    WallTime fetched{};
  };
  void keep_polling(std::stop_token const& stop);
  [[nodiscard]] Result<void> look();
  void tell_staleness();
  void answered();
  [[nodiscard]] std::chrono::nanoseconds age() const;
  // A failure to keep it is logged; the policy is in force either way.
  void keep(std::string const& archive) const;
  [[nodiscard]] Result<Kept> kept() const;
  [[nodiscard]] Result<void> use_kept();

  BundleConfig const config_;
  Needs const needs_;
  io::Backoff backoff_;
  std::string etag_;              // of the bundle in force; one that was refused is asked for again
  std::optional<WallTime> told_;  // when the last alarm was given
  mutable std::mutex mutex_;
  WallTime last_answer_{};  // guarded by mutex_
  std::stop_source stopping_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: joined before the rest goes
};

}  // namespace aw::authz
