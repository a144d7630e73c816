// SPDX-License-Identifier: Apache-2.0
// Is this agent alive, started, ready? One answer for probes, for people and for the drain.
//
// Checks are asked when somebody looks, so the answer is never stale. Any thread; checks must be
// quick.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace aw::server {

// degraded never takes the agent out of rotation.
struct CheckResult {
  enum class State { ok, degraded, failed } state = State::failed;
  std::string detail;  // for people; no secret
};

// Does a failed check take the agent out of rotation?
enum class Weight { gates_readiness, informs };

class Health {
 public:
  struct Named {
    std::string name;
    Weight weight;
    CheckResult result;
  };

  // In the order of the report. `check` runs under the lock on whoever looks: it must not ask
  // this Health, and what it uses outlives the agent's listeners.
  void add(std::string name, Weight weight, std::function<CheckResult()> check);
  // For good, both: there is no way back from draining.
  void set_started() { started_ = true; }
  void set_draining() { draining_ = true; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] bool draining() const { return draining_; }

  // Started, not draining, and no gating check failed.
  [[nodiscard]] bool ready() const;
  // Runs every check once.
  [[nodiscard]] std::vector<Named> report() const;

 private:
  struct Check {
    std::string name;
    Weight weight;
    std::function<CheckResult()> run;
  };
  mutable std::mutex mutex_;
  std::vector<Check> checks_;
  std::atomic<bool> started_{false};
  std::atomic<bool> draining_{false};
};

// `[+]identity ok: …` lines, as Kubernetes' own ?verbose has them.
[[nodiscard]] std::string verbose_text(Health const& health);
// {"status":"healthy|degraded|unhealthy","agent":…,"checks":{name:{"status","detail"}}}
// (compatibility with /health)
[[nodiscard]] std::string health_document(Health const& health, std::string_view agent,
                                          std::string_view spiffe_id,
                                          std::chrono::nanoseconds uptime);

}  // namespace aw::server
