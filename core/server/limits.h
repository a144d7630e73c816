// SPDX-License-Identifier: Apache-2.0
// Gate 3: how much may be in flight, and how fast one caller may go.
//
// Any thread. Slot counts are atomics; a caller's bucket is behind one of several short locks.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/clock.h"
#include "core/server/config.h"

namespace aw::server {

// Requests in flight, of all callers and of each. A Slot gives its place back when it goes.
// Outlives its slots.
class Admission {
 public:
  // One caller's requests in flight; its connections share it.
  using Load = std::atomic<std::size_t>;
  enum class Room : std::uint8_t { none, none_for_caller, taken };

  class Slot {
   public:
    Slot(Admission& owner, std::shared_ptr<Load> caller)
        : owner_(&owner), caller_(std::move(caller)), room_(Room::taken) {}
    explicit Slot(Room refused) : room_(refused) {}
    ~Slot();
    Slot(Slot&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)),
          caller_(std::move(other.caller_)),
          room_(std::exchange(other.room_, Room::none)) {}
    Slot& operator=(Slot&&) = delete;
    Slot(Slot const&) = delete;
    Slot& operator=(Slot const&) = delete;
    explicit operator bool() const { return owner_ != nullptr; }
    [[nodiscard]] Room room() const { return room_; }

   private:
    Admission* owner_ = nullptr;
    std::shared_ptr<Load> caller_;  // null: not counted
    Room room_;
  };

  // `per_caller` 0: a caller may take all of `limit`.
  explicit Admission(std::size_t limit, std::size_t per_caller = 0)
      : limit_(limit), per_caller_(per_caller) {}

  // For a new connection (it takes a lock); null when callers have no limit of their own.
  [[nodiscard]] std::shared_ptr<Load> load_of(std::string_view caller);
  // A Slot that is false says for whom there was no room.
  [[nodiscard]] Slot enter(std::shared_ptr<Load> caller = nullptr);
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.load(std::memory_order_acquire); }

 private:
  std::size_t const limit_;
  std::size_t const per_caller_;
  std::atomic<std::size_t> in_flight_{0};
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Load>, std::less<>> loads_;  // guarded by mutex_
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
