// SPDX-License-Identifier: Apache-2.0
// The latest value of something that changes: an SVID, a bundle, a policy revision.
//
// Writers publish whole values; readers take a pointer to an immutable one and may keep it as long
// as they like. Any thread may call any method. Nothing here blocks except `wait_newer`; `version`
// is one atomic load, so a loop can keep its own copy and look at it for every request.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace aw::io {

template <class T>
class Watch {
 public:
  // A value and its number: the first publish is 1. Equal numbers of one Watch are equal values.
  struct Seen {
    std::shared_ptr<const T> value;  // null until the first publish
    std::uint64_t version = 0;
  };

  // Listeners are called here, after the lock is released: of two publishes at once the later may
  // be told first, so a listener that keeps something compares versions.
  void publish(T value) { publish(std::make_shared<const T>(std::move(value))); }

  void publish(std::shared_ptr<const T> value) {
    std::vector<std::function<void(Seen const&)>> listeners;
    Seen seen;
    {
      std::lock_guard const lock(mutex_);
      seen_ = Seen{std::move(value), seen_.version + 1};
      version_.store(seen_.version, std::memory_order_release);
      seen = seen_;
      listeners = listeners_;
    }
    changed_.notify_all();
    for (auto const& listener : listeners) listener(seen);
  }

  [[nodiscard]] Seen latest() const {
    std::lock_guard const lock(mutex_);
    return seen_;
  }
  // May run ahead of nothing: who sees a version here gets that value or a newer one of `latest`.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // Returns once a version above `version` exists, or whatever there is when `timeout` has passed.
  // Blocks.
  [[nodiscard]] Seen wait_newer(std::uint64_t version, std::chrono::nanoseconds timeout) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return seen_.version > version; });
    return seen_;
  }

  // `listener` is called on the publisher's thread after each later publish; it must be quick and
  // must outlive the Watch.
  void on_change(std::function<void(Seen const&)> listener) {
    std::lock_guard const lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

 private:
  // Not std::atomic<shared_ptr>: libstdc++ 12 makes ThreadSanitizer report races inside it.
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::atomic<std::uint64_t> version_{0};
  Seen seen_;
  std::vector<std::function<void(Seen const&)>> listeners_;
};

}  // namespace aw::io
