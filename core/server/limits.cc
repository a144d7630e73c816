// SPDX-License-Identifier: Apache-2.0
#include "core/server/limits.h"

#include <algorithm>
#include <functional>

namespace aw::server {
namespace {

constexpr std::chrono::hours kLongestWait{24 * 365};

}  // namespace

Admission::Slot::~Slot() {
  if (owner_ == nullptr) return;
  if (caller_) caller_->fetch_sub(1, std::memory_order_release);
  owner_->in_flight_.fetch_sub(1, std::memory_order_release);
}

std::shared_ptr<Admission::Load> Admission::load_of(std::string_view caller) {
  if (per_caller_ == 0) return nullptr;
  std::lock_guard const lock(mutex_);
  if (auto const at = loads_.find(caller); at != loads_.end()) {
    if (auto known = at->second.lock()) return known;
  }
  // Callers without a connection are forgotten when others come.
  std::erase_if(loads_, [](auto const& entry) { return entry.second.expired(); });
  auto made = std::make_shared<Load>(0);
  loads_.insert_or_assign(std::string(caller), made);
  return made;
}

Admission::Slot Admission::enter(std::shared_ptr<Load> caller) {
  if (caller && caller->fetch_add(1, std::memory_order_acquire) >= per_caller_) {
    caller->fetch_sub(1, std::memory_order_release);
    return Slot(Room::none_for_caller);
  }
  if (in_flight_.fetch_add(1, std::memory_order_acquire) < limit_)
    return {*this, std::move(caller)};
  in_flight_.fetch_sub(1, std::memory_order_release);
  if (caller) caller->fetch_sub(1, std::memory_order_release);
  return Slot(Room::none);
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
  // A rate may be so slow that its wait is no number of nanoseconds.
  std::chrono::duration<double> const wait = std::min<std::chrono::duration<double>>(
      std::chrono::duration<double>((1 - bucket.tokens) / config_.requests_per_second),
      kLongestWait);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(wait) + std::chrono::nanoseconds(1);
}

}  // namespace aw::server
