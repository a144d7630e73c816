// SPDX-License-Identifier: Apache-2.0
#include "core/server/limits.h"

#include <algorithm>
#include <functional>

namespace aw::server {

Admission::Slot Admission::enter() {
  if (in_flight_.fetch_add(1, std::memory_order_acquire) < limit_) return Slot(this);
  in_flight_.fetch_sub(1, std::memory_order_release);
  return {};
}

RateLimiter::RateLimiter(RateLimitConfig config)
    : config_(config),
      burst_(config.burst > 0 ? config.burst : std::max(1.0, config.requests_per_second)) {}

std::chrono::nanoseconds RateLimiter::take(std::string_view caller, SteadyTime now) {
  if (config_.requests_per_second <= 0) return {};
  Shard& shard = shards_[std::hash<std::string_view>{}(caller) % shards_.size()];
  std::lock_guard const lock(shard.mutex);
  auto found = shard.index.find(caller);
  if (found == shard.index.end()) {
    if (shard.recent.size() >= kMostCallers / shards_.size()) {
      shard.index.erase(shard.recent.back().caller);
      shard.recent.pop_back();
    }
    shard.recent.push_front({std::string(caller), burst_, now});
    found = shard.index.emplace(shard.recent.front().caller, shard.recent.begin()).first;
  } else {
    shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
  }
  Bucket& bucket = *found->second;
  double const elapsed = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens =
      std::min(burst_, bucket.tokens + std::max(0.0, elapsed) * config_.requests_per_second);
  bucket.at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return {};
  }
  std::chrono::duration<double> const wait((1 - bucket.tokens) / config_.requests_per_second);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(wait) + std::chrono::nanoseconds(1);
}

}  // namespace aw::server
