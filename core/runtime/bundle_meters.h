// SPDX-License-Identifier: Apache-2.0
// How old each trust domain's bundle is, and when the last of its authorities expires.
//
// Any thread. The registry outlives it, and calls it at each scrape: no scrape may come after its
// end.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/identity/snapshot.h"
#include "core/metrics/registry.h"

namespace aw::runtime {

class BundleMeters {
 public:
  BundleMeters(metrics::Registry& registry, Clock const& clock);

  // What is trusted from now on. A bundle that says the same as before keeps its age.
  // A domain that is no longer there turns NaN: a series cannot be taken away.
  void take(identity::Bundles const& bundles);

 private:
  struct Known {
    identity::Bundle bundle;
    WallTime since;  // when it came with this content
  };
  void refresh();

  Clock const& clock_;
  metrics::Family<metrics::Gauge>& age_;
  metrics::Family<metrics::Gauge>& not_after_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // guarded by mutex_
};

}  // namespace aw::runtime
