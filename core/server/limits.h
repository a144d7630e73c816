// SPDX-License-Identifier: Apache-2.0
// Gate 3: how much may be in flight, and how fast one caller may go.
//
// Any thread. The slot count is one atomic; a caller's bucket is behind one of several short locks.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/clock.h"
#include "core/server/config.h"

namespace aw::server {

// Requests in flight. A Slot gives its place back when it goes.
// Outlives its slots.
class Admission {
 public:
  explicit Admission(std::size_t limit) : limit_(limit) {}

  class Slot {
   public:
    Slot() = default;
    explicit Slot(Admission* owner) : owner_(owner) {}
    ~Slot() {
      if (owner_ != nullptr) owner_->in_flight_.fetch_sub(1, std::memory_order_release);
    }
    Slot(Slot&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    Slot(Slot const&) = delete;
    Slot& operator=(Slot const&) = delete;
    explicit operator bool() const { return owner_ != nullptr; }

   private:
    Admission* owner_ = nullptr;
  };

  // An empty Slot means: too busy.
  [[nodiscard]] Slot enter();
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.load(std::memory_order_acquire); }

 private:
  std::size_t const limit_;
  std::atomic<std::size_t> in_flight_{0};
};

// One token bucket per caller. The least recently seen callers are forgotten beyond kMostCallers; a
// forgotten caller starts with a full bucket, which can only be too generous by one burst.
class RateLimiter {
 public:
  static constexpr std::size_t kMostCallers = 65536;

  // Rate and burst are every caller's alike.
  explicit RateLimiter(RateLimitConfig config);

  // Zero = go on; else how long until the next token.
  [[nodiscard]] std::chrono::nanoseconds take(std::string_view caller, SteadyTime now);

 private:
  // `tokens` as of `at`: what came in since is added when it is asked.
  struct Bucket {
    std::string caller;
    double tokens;
    SteadyTime at;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Bucket> recent;  // front = last seen
    std::unordered_map<std::string_view, std::list<Bucket>::iterator> index;
  };

  RateLimitConfig const config_;
  double const burst_;
  std::array<Shard, 16> shards_;
};

}  // namespace aw::server
