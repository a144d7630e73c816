// SPDX-License-Identifier: Apache-2.0
// NAME=value texts that may hold secrets and may change while calls use them. Any thread; an empty
// list costs a reader nothing but a look.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.h"

namespace aw::backend {

// A reader goes on with the list it began with; `set` is for those that come later. An old list's
// texts are zeroed with its last reader.
class LivePairs {
 public:
  explicit LivePairs(std::vector<std::string> const& pairs) { set(pairs); }

  void set(std::vector<std::string> const& pairs) {
    auto next = std::make_shared<std::vector<Secret>>();
    for (auto const& pair : pairs) next->emplace_back(pair);
    std::lock_guard const lock(mutex_);
    pairs_ = std::move(next);
    any_.store(!pairs.empty(), std::memory_order_release);
  }

  // `take(name, value)` for each, in order; views end with the call.
  template <class Take>
  void each(Take const& take) const {
    if (!any_.load(std::memory_order_acquire)) return;
    std::shared_ptr<std::vector<Secret> const> now;
    {
      std::lock_guard const lock(mutex_);
      now = pairs_;
    }
    for (auto const& pair : *now) {
      auto const text = pair.reveal();
      auto const equals = text.find('=');
      take(text.substr(0, equals), text.substr(std::min(equals, text.size() - 1) + 1));
    }
  }

 private:
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<std::vector<Secret> const> pairs_;  // guarded by mutex_; shared with readers
};

}  // namespace aw::backend
