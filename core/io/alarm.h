// SPDX-License-Identifier: Apache-2.0
// Calls back at a moment, unless it is cleared or destroyed before. On a loop of Loops for next to
// nothing, on its wheel (late by up to two ticks); elsewhere with a timer of its own, because a
// wheel would keep a loop that is to end (run_blocking) waiting for its next tick.
//
// Belongs to one loop, on which all of it happens.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "core/io/deadlines.h"

namespace aw::io {

// Destroying it is `clear`: afterwards `ring` is not called, not even when its moment has passed.
class Alarm final : private Deadlines::Entry {
 public:
  Alarm() = default;
  // Replaces what was set before. `ring` may destroy the alarm.
  // `due` is steady time; a past one rings at the loop's next look, never inside `set`. Every
  // `set` of one alarm names the same loop.
  void set(boost::asio::any_io_executor const& on, SteadyTime due, std::function<void()> ring);
  void clear();

 private:
  void expired(SteadyTime now) override;

  std::function<void()> ring_;
  std::shared_ptr<boost::asio::steady_timer> timer_;  // off a loop of Loops
};

}  // namespace aw::io
