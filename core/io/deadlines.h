// SPDX-License-Identifier: Apache-2.0
// The deadlines of everything on one loop, for the price of one timer: a wheel with coarse ticks.
//
// Moving a deadline back, which each request does, is a store; only moving it forward touches the
// wheel. Belongs to its loop; entries leave by themselves when destroyed.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "core/base/clock.h"

namespace aw::io {

class Deadlines {
 public:
  // Good for timeouts of requests and connections; not for what must be exact.
  static constexpr std::chrono::milliseconds kTick{20};

  // What waits: derive from it. It hangs in the wheel by pointers, so it neither moves nor
  // copies; an entry is in one wheel at most.
  class Entry {
   public:
    Entry() = default;
    virtual ~Entry() { unlink(); }
    Entry(Entry const&) = delete;
    Entry& operator=(Entry const&) = delete;

   protected:
    // The deadline passed (by up to two ticks). It is unset before this is called.
    virtual void expired(SteadyTime now) = 0;
    // Leaves the wheel at once: for an entry whose members keep the wheel alive, since those are
    // destroyed before this base is.
    void unlink();

   private:
    friend class Deadlines;

    SteadyTime due_ = SteadyTime::max();
    std::int64_t tick_ = 0;  // where it hangs
    Entry* next_ = nullptr;
    Entry** link_ = nullptr;  // what points to it; null = in no slot
  };

  // Entries that still hang when it goes are let go without a call.
  explicit Deadlines(boost::asio::io_context& loop);
  ~Deadlines();
  Deadlines(Deadlines const&) = delete;
  Deadlines& operator=(Deadlines const&) = delete;

  // From now on; replaces the entry's deadline before. max = none.
  // On the loop. `now` is the steady clock's; a deadline farther than the wheel's turn (about
  // five seconds) is looked at again on the way.
  void set(Entry& entry, SteadyTime now, SteadyTime due);
  // On the loop: nobody is told anything from here on, so that the wheel may be destroyed
  // elsewhere.
  void stop();

 private:
  static constexpr std::int64_t kSlots = 256;

  [[nodiscard]] static std::int64_t tick_of(SteadyTime time);
  void hang(Entry& entry, SteadyTime now);
  void schedule(std::int64_t tick);
  void turn();
  void empty_slot(std::int64_t tick, SteadyTime now);

  boost::asio::steady_timer timer_;
  std::array<Entry*, kSlots> slots_{};
  std::int64_t done_ = 0;                                  // ticks up to this one were seen to
  std::int64_t scheduled_ = 0;                             // the timer's; 0 = not running
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for the timer's late handlers
};

// The wheel of the loop that `executor` runs on, for whoever has none of its own. On that loop.
// Made when first asked for; it lives as long as the loop does. The executor must be an
// io_context's.
[[nodiscard]] Deadlines& deadlines_on(boost::asio::any_io_executor const& executor);

}  // namespace aw::io
