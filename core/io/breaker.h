// SPDX-License-Identifier: Apache-2.0
// Stops asking what does not answer, and tries again now and then.
//
// closed --failure_threshold failures in a row--> open --timeout--> half_open (one probe at a time)
//   half_open --success_threshold successes--> closed;  half_open --one failure--> open
// Any thread; one short lock; never blocks on anything else.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "core/base/clock.h"

namespace aw::io {

// Thresholds count calls, at least 1 each; `timeout` is how long it stays open before a probe.
struct BreakerConfig {
  std::uint32_t failure_threshold = 5;
  std::uint32_t success_threshold = 2;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

class CircuitBreaker {
 public:
  enum class State { closed, open, half_open };

  explicit CircuitBreaker(BreakerConfig config) : config_(config) {}

  // May a call go out now? Whoever gets true reports exactly one of `succeeded`, `failed` or
  // `abandoned`.
  [[nodiscard]] bool admit(SteadyTime now);
  // Ends a row of failures. In half_open enough of them close it; while open it changes nothing,
  // since the call began before.
  void succeeded();
  // One is enough in half_open; the open time counts from `now`.
  void failed(SteadyTime now);
  // The call was given up for a reason that says nothing about the other side.
  void abandoned();

  // As of `now`: open turns to half_open by time alone, without a call.
  [[nodiscard]] State state(SteadyTime now) const;
  // How long until the next probe may go; zero unless open.
  [[nodiscard]] std::chrono::nanoseconds retry_after(SteadyTime now) const;

 private:
  [[nodiscard]] State state_locked(SteadyTime now) const;

  BreakerConfig const config_;
  mutable std::mutex mutex_;
  State state_ = State::closed;
  std::uint32_t failures_ = 0;
  std::uint32_t successes_ = 0;
  bool probing_ = false;
  SteadyTime opened_{};
};

}  // namespace aw::io
