// SPDX-License-Identifier: Apache-2.0
// What became of the configuration's reloads: who looks only at the log, the metrics or /health
// must see that what the file says is not what is in force.
//
// Any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/config/load.h"
#include "core/metrics/registry.h"
#include "core/server/health.h"

namespace aw::runtime {

class Reloads {
 public:
  // All outlive it; `health` is not asked after it is gone.
  Reloads(log::Log& log, metrics::Registry& metrics, server::Health& health);

  void taken_over(std::vector<config::Change> const& changes);
  // It could not be read, or not be taken over: the one before it stays.
  void refused(Error const& error);

 private:
  [[nodiscard]] server::CheckResult check() const;

  log::Log& log_;
  metrics::Counter& taken_over_;
  metrics::Counter& refused_;
  mutable std::mutex mutex_;
  std::string refusal_;  // guarded by mutex_: the code of the last one; empty = taken over
  std::string waiting_;  // guarded by mutex_: keys that need a restart
};

}  // namespace aw::runtime
