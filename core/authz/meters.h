// SPDX-License-Identifier: Apache-2.0
// The numbers of authorization. Every series that an alert may name exists from the start, at 0.
//
// Handles into the Registry; any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/authz/authz.h"
#include "core/authz/failover.h"
#include "core/metrics/registry.h"

namespace aw::authz {

class Meters {
 public:
  // `endpoints` may be empty: the embedded engine.
  Meters(metrics::Registry& registry, std::vector<std::string> const& endpoints);

  // Every decision, cached ones too, as it leaves the room.
  // A log-only pass counts as allowed and as would-deny.
  void decided(AuthzDecision const& decision);
  void opa_asked() { opa_requests_.add(); }
  void opa_failed() { opa_errors_.add(); }
  void policy_error() { policy_errors_.add(); }
  // One-hot for each endpoint, and for all together: the state of the best of them.
  void breakers(Endpoints const& endpoints, SteadyTime now);
  void cache_hit() { cache_hits_.add(); }
  void cache_miss() { cache_misses_.add(); }
  // Digests are labels: the first 256 of a process, then "other".
  void policy_loaded(std::uint64_t generation, std::size_t rules, std::string const& digest,
                     WallTime now);
  void policy_refused() { reload_errors_.add(); }
  // What a look at the bundle service brought.
  enum class Fetch { fresh, unchanged, failed };
  void bundle_fetched(Fetch outcome);
  // `most` zero: no age is too old.
  void bundle_age(std::chrono::nanoseconds age, std::chrono::nanoseconds most);

 private:
  void one_hot(std::string const& endpoint, io::CircuitBreaker::State state);

  metrics::Counter& allowed_;
  metrics::Family<metrics::Counter>& denied_;
  metrics::Counter& decisions_allow_;
  metrics::Counter& decisions_deny_;
  metrics::Counter& would_deny_;
  metrics::Histogram& seconds_;
  metrics::Counter& opa_requests_;
  metrics::Counter& opa_errors_;
  metrics::Counter& policy_errors_;
  metrics::Counter& cache_hits_;
  metrics::Counter& cache_misses_;
  metrics::Family<metrics::Gauge>& breaker_;
  metrics::Gauge& generation_;
  metrics::Gauge& rules_;
  metrics::Gauge& loaded_;
  metrics::Counter& reloads_;
  metrics::Counter& reload_errors_;
  metrics::Family<metrics::Gauge>& info_;
  std::string digest_;  // that info_ shows; set by the one thread that loads
  std::size_t digests_ = 0;
  metrics::Family<metrics::Counter>& bundle_fetches_;
  metrics::Gauge& bundle_age_;
  metrics::Gauge& bundle_stale_;
  std::map<Code, metrics::Counter*> denied_by_code_;
};

}  // namespace aw::authz
