// SPDX-License-Identifier: Apache-2.0
#include "core/io/deadlines.h"

#include <algorithm>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <utility>

namespace aw::io {

void Deadlines::Entry::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  link_ = nullptr;
  next_ = nullptr;
}

Deadlines::Deadlines(boost::asio::io_context& loop) : timer_(loop) {}

Deadlines::~Deadlines() {
  for (Entry* first : slots_) {
    for (Entry* entry = first; entry != nullptr;) {
      entry->link_ = nullptr;
      entry = std::exchange(entry->next_, nullptr);
    }
  }
}

std::int64_t Deadlines::tick_of(SteadyTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()) / kTick;
}

void Deadlines::set(Entry& entry, SteadyTime now, SteadyTime due) {
  entry.due_ = due;
  if (due == SteadyTime::max()) return;  // stays where it hangs; nothing happens there
  if (entry.link_ != nullptr && entry.tick_ <= tick_of(due) + 1) return;
  entry.unlink();
  hang(entry, now);
}

// In the slot of its deadline, or in the farthest one, to be looked at again there.
void Deadlines::hang(Entry& entry, SteadyTime now) {
  auto const current = tick_of(now);
  if (scheduled_ == 0) done_ = std::max(done_, current);
  auto const wanted = tick_of(std::min(entry.due_, now + kTick * (kSlots - 2))) + 1;
  entry.tick_ = std::clamp(wanted, done_ + 1, done_ + kSlots - 1);
  Entry*& slot = slots_[static_cast<std::size_t>(entry.tick_ % kSlots)];
  entry.next_ = slot;
  entry.link_ = &slot;
  if (slot != nullptr) slot->link_ = &entry.next_;
  slot = &entry;
  if (scheduled_ == 0 || entry.tick_ < scheduled_) schedule(entry.tick_);
}

void Deadlines::schedule(std::int64_t tick) {
  scheduled_ = tick;
  timer_.expires_at(SteadyTime(kTick * tick));
  timer_.async_wait(
      [this, tick, alive = std::weak_ptr<int>(alive_)](boost::system::error_code const& error) {
        if (error || alive.expired() || tick != scheduled_) return;
        turn();
      });
}

void Deadlines::stop() {
  alive_.reset();  // a handler that is queued already sees it
  timer_.cancel();
}

void Deadlines::turn() {
  auto const now = std::chrono::steady_clock::now();  // the timer's own clock
  auto const current = std::max(tick_of(now), scheduled_);
  auto const first = done_ + 1;
  done_ = current;  // what is hung from here on goes behind it
  for (auto tick = first; tick <= std::min(current, first + kSlots - 1); ++tick) {
    empty_slot(tick, now);
  }
  scheduled_ = 0;
  for (std::int64_t ahead = 1; ahead < kSlots; ++ahead) {
    if (slots_[static_cast<std::size_t>((done_ + ahead) % kSlots)] == nullptr) continue;
    schedule(done_ + ahead);
    return;
  }
}

void Deadlines::empty_slot(std::int64_t tick, SteadyTime now) {
  // Entries that are hung while this runs go to later slots, so this ends.
  Entry* taken = std::exchange(slots_[static_cast<std::size_t>(tick % kSlots)], nullptr);
  if (taken != nullptr) taken->link_ = &taken;
  while (taken != nullptr) {
    Entry& entry = *taken;
    entry.unlink();
    if (entry.due_ == SteadyTime::max()) continue;
    if (entry.due_ > now) {
      hang(entry, now);
      continue;
    }
    entry.due_ = SteadyTime::max();
    entry.expired(now);
  }
}

namespace {

// Hangs a wheel on its loop, so that it goes before the loop does.
class WheelService final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;
  explicit WheelService(boost::asio::execution_context& owner)
      : boost::asio::execution_context::service(owner),
        wheel(static_cast<boost::asio::io_context&>(owner)) {}
  Deadlines wheel;

 private:
  void shutdown() override {}
};

}  // namespace

Deadlines& deadlines_on(boost::asio::any_io_executor const& executor) {
  // Loops are io_contexts, all of them.
  auto& loop = boost::asio::query(executor, boost::asio::execution::context);
  return boost::asio::use_service<WheelService>(loop).wheel;
}

}  // namespace aw::io
