// SPDX-License-Identifier: Apache-2.0
#include "core/authz/failover.h"

#include <algorithm>

namespace aw::authz {

Endpoints::Endpoints(std::vector<std::string> names, Failover strategy,
                     io::BreakerConfig const& breaker)
    : strategy_(strategy) {
  for (auto& name : names) all_.push_back(std::make_unique<Endpoint>(std::move(name), breaker));
}

std::size_t Endpoints::first() {
  if (all_.empty() || strategy_ == Failover::priority) return 0;
  return turn_.fetch_add(1, std::memory_order_relaxed) % all_.size();
}

std::chrono::seconds Endpoints::retry_after(SteadyTime now) const {
  auto soonest = std::chrono::nanoseconds::max();
  for (auto const& endpoint : all_) {
    soonest = std::min(soonest, endpoint->breaker.retry_after(now));
  }
  if (all_.empty()) soonest = std::chrono::seconds(1);
  return std::max(std::chrono::ceil<std::chrono::seconds>(soonest), std::chrono::seconds(1));
}

FailoverWalk::~FailoverWalk() {
  if (open_) endpoints_.at(*open_).breaker.abandoned();
}

std::optional<FailoverWalk::Try> FailoverWalk::next(SteadyTime now) {
  failed(now);
  while (seen_ < endpoints_.size() && now < deadline_) {
    auto const index = next_;
    next_ = (next_ + 1) % endpoints_.size();
    ++seen_;
    if (!endpoints_.at(index).breaker.admit(now)) continue;
    open_ = index;
    ++tries_;
    auto const left = static_cast<std::int64_t>(endpoints_.size() - seen_ + 1);
    return Try{.index = index, .deadline = now + (deadline_ - now) / left};
  }
  return std::nullopt;
}

void FailoverWalk::succeeded() {
  if (!open_) return;
  endpoints_.at(*open_).breaker.succeeded();
  open_.reset();
}

void FailoverWalk::failed(SteadyTime now) {
  if (!open_) return;
  endpoints_.at(*open_).breaker.failed(now);
  open_.reset();
}

}  // namespace aw::authz
