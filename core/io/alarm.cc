// SPDX-License-Identifier: Apache-2.0
#include "core/io/alarm.h"

#include <chrono>
#include <utility>

#include "core/io/turn.h"

namespace aw::io {

void Alarm::set(boost::asio::any_io_executor const& on, SteadyTime due,
                std::function<void()> ring) {
  ring_ = std::move(ring);
  if (Turn::current() != nullptr) {
    timer_.reset();
    deadlines_on(on).set(*this, std::chrono::steady_clock::now(), due);
    return;
  }
  timer_ = std::make_shared<boost::asio::steady_timer>(on, due);
  // The handler may come when the alarm is gone, but then so is the timer.
  timer_->async_wait([this, weak = std::weak_ptr(timer_)](boost::system::error_code const& error) {
    if (!error && !weak.expired()) expired({});
  });
}

void Alarm::clear() {
  ring_ = nullptr;
  timer_.reset();
}

void Alarm::expired(SteadyTime) {
  if (auto const ring = std::exchange(ring_, nullptr)) ring();
}

}  // namespace aw::io
