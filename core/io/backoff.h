// SPDX-License-Identifier: Apache-2.0
// How long to wait before trying again: exponential, capped, with full jitter. One owner.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/base/random.h"

namespace aw::io {

// Full jitter, so that a fleet that lost its server together does not come back together.
class Backoff {
 public:
  // `base` is the first wait's ceiling; after twenty tries the ceiling no longer doubles.
  Backoff(std::chrono::nanoseconds base, std::chrono::nanoseconds most)
      : base_(base), most_(most) {}

  // Between base/2 and min(base * 2^tries, most); each call counts one try.
  std::chrono::nanoseconds next() {
    auto const ceiling = std::min(most_, base_ * (std::int64_t{1} << std::min(tries_, 20)));
    ++tries_;
    auto const floor = std::min(base_ / 2, ceiling);
    auto const span = static_cast<std::uint64_t>((ceiling - floor).count()) + 1;
    return floor + std::chrono::nanoseconds(static_cast<std::int64_t>(random_u64() % span));
  }
  // After a success: the next wait is short again.
  void reset() { tries_ = 0; }

 private:
  std::chrono::nanoseconds base_;
  std::chrono::nanoseconds most_;
  int tries_ = 0;
};

}  // namespace aw::io
