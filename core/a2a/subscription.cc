// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/reader.h"
#include "core/a2a/task_engine.h"

namespace aw::a2a {

void Subscription::Reader::push(EventPtr event) {
  std::lock_guard const lock(mutex);
  if (closed) return;
  if (queue.size() >= limit) {
    // Telling a slow reader less than the others would be a lie; its stream ends instead.
    queue.clear();
    slow = true;
    closed = true;
  } else {
    queue.push_back(std::move(event));
  }
  wake();
}

void Subscription::Reader::close() {
  std::lock_guard const lock(mutex);
  closed = true;
  wake();
}

void Subscription::Reader::wake() {
  if (!waiting) return;
  waiting = false;
  boost::asio::post(timer->get_executor(), [self = shared_from_this()] { self->timer->cancel(); });
}

Subscription::Subscription(std::shared_ptr<Reader> reader) : reader_(std::move(reader)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() {
  if (!reader_) return;
  std::lock_guard const lock(reader_->mutex);
  reader_->gone = true;
  reader_->closed = true;
  reader_->queue.clear();
  reader_->waiting = false;
  reader_->timer.reset();  // the engine may keep the reader longer than the loop lives
}

TaskPtr const& Subscription::snapshot() const { return reader_->snapshot; }

EventPtr Subscription::poll() {
  std::lock_guard const lock(reader_->mutex);
  if (reader_->queue.empty()) return nullptr;
  auto event = std::move(reader_->queue.front());
  reader_->queue.pop_front();
  return event;
}

void Subscription::stop() { reader_->close(); }

bool Subscription::over() const {
  std::lock_guard const lock(reader_->mutex);
  return reader_->closed && reader_->queue.empty();
}

bool Subscription::too_slow() const {
  std::lock_guard const lock(reader_->mutex);
  return reader_->slow;
}

io::Task<EventPtr> Subscription::next(SteadyTime until) {
  auto const reader = reader_;  // keeps the timer alive while its completion is under way
  if (auto event = poll()) co_return event;  // most have happened before anybody asks
  if (!reader->timer) reader->timer.emplace(co_await boost::asio::this_coro::executor);
  for (;;) {
    if (auto event = poll()) co_return event;
    {
      std::lock_guard const lock(reader->mutex);
      if (!reader->queue.empty()) continue;
      if (reader->closed) co_return nullptr;
      reader->waiting = true;
      // Nothing is lost between here and the wait: the wake-up is posted to this very loop.
      reader->timer->expires_at(until);
    }
    auto const [ec] = co_await reader->timer->async_wait(io::kNoThrow);
    {
      std::lock_guard const lock(reader->mutex);
      reader->waiting = false;
    }
    if (!ec) co_return poll();
  }
}

}  // namespace aw::a2a
