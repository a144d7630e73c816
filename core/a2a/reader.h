// SPDX-License-Identifier: Apache-2.0
// A subscriber's queue, between the engine (any thread) and the one loop that reads it.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "core/a2a/task_engine.h"

namespace aw::a2a {

// Shared by the subscription and the engine's task; whoever goes last frees it.
struct Subscription::Reader : std::enable_shared_from_this<Subscription::Reader> {
  // Any thread. With `limit` events unread the stream ends instead: it is `slow` from then on.
  void push(EventPtr event);
  void close();  // no event follows; what is queued can still be read
  void wake();   // with `mutex` held

  TaskPtr snapshot;  // fixed before the reader is shared
  std::size_t limit = 0;
  std::mutex mutex;
  std::deque<EventPtr> queue;
  bool closed = false;
  bool slow = false;
  bool gone = false;  // nobody reads any more
  bool waiting = false;
  // Made and waited on by the reading loop only; set before `waiting` can be.
  std::optional<boost::asio::steady_timer> timer;
};

}  // namespace aw::a2a
