// SPDX-License-Identifier: Apache-2.0
#include "core/io/breaker.h"

#include <algorithm>

namespace aw::io {

CircuitBreaker::State CircuitBreaker::state_locked(SteadyTime now) const {
  if (state_ == State::open && now - opened_ >= config_.timeout) return State::half_open;
  return state_;
}

bool CircuitBreaker::admit(SteadyTime now) {
  std::lock_guard const lock(mutex_);
  if (state_locked(now) == State::half_open && state_ == State::open) {
    state_ = State::half_open;
    successes_ = 0;
    probing_ = false;
  }
  switch (state_) {
    case State::closed:
      return true;
    case State::open:
      return false;
    case State::half_open:
      if (probing_) return false;
      probing_ = true;
      return true;
  }
  return false;
}

void CircuitBreaker::succeeded() {
  std::lock_guard const lock(mutex_);
  failures_ = 0;
  if (state_ != State::half_open) return;  // a late answer from before it opened proves nothing
  probing_ = false;
  if (++successes_ >= config_.success_threshold) state_ = State::closed;
}

void CircuitBreaker::failed(SteadyTime now) {
  std::lock_guard const lock(mutex_);
  probing_ = false;
  if (state_ == State::closed && ++failures_ < config_.failure_threshold) return;
  if (state_ != State::open) opened_ = now;
  state_ = State::open;
  failures_ = 0;
}

void CircuitBreaker::abandoned() {
  std::lock_guard const lock(mutex_);
  probing_ = false;
}

CircuitBreaker::State CircuitBreaker::state(SteadyTime now) const {
  std::lock_guard const lock(mutex_);
  return state_locked(now);
}

std::chrono::nanoseconds CircuitBreaker::retry_after(SteadyTime now) const {
  std::lock_guard const lock(mutex_);
  if (state_ != State::open) return std::chrono::nanoseconds{0};
  return std::max<std::chrono::nanoseconds>(opened_ + config_.timeout - now,
                                            std::chrono::nanoseconds{0});
}

}  // namespace aw::io
