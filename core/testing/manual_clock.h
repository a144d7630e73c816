// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until told otherwise. Any thread.
//
// Waits of the event loops are real ones and do not follow it: it turns what is decided by time
// (certificates, replay windows, caches, deadlines handed to handlers), not how long a timer runs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/base/clock.h"

namespace aw::testing {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::seconds(1'800'000'000)})
      : wall_(start.time_since_epoch().count()) {}

  [[nodiscard]] WallTime now() const override {
    return WallTime{std::chrono::nanoseconds(wall_.load())};
  }
  [[nodiscard]] SteadyTime steady() const override {
    return SteadyTime{std::chrono::nanoseconds(steady_.load())};
  }
  void advance(std::chrono::nanoseconds by) {
    wall_ += by.count();
    steady_ += by.count();
  }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> steady_{1'000'000'000};
};

}  // namespace aw::testing
