// SPDX-License-Identifier: Apache-2.0
// A few threads for work that blocks (SQLite, getaddrinfo, spawn), so that no event loop ever does.
//
// The queue is bounded: when it is full, `submit` says no and the caller must answer "too busy".
// Any thread.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/io/task.h"

namespace aw::io {

namespace detail {
// What `work` throws ends its own call, not the process.
// Only what is a std::exception: nothing else is thrown here.
template <class T>
Result<T> guarded(std::function<Result<T>()> const& work) {
  try {
    return work();
  } catch (std::exception const& thrown) {
    return make_error(Code::internal, std::string("blocking work threw: ") + thrown.what());
  }
}
}  // namespace detail

// One for the process. Work runs in the order it came, on any of the threads; two pieces may run
// at once.
class BlockingPool {
 public:
  // At least one thread, or nothing ever runs. `queue_limit` counts what waits, not what runs.
  BlockingPool(std::size_t threads, std::size_t queue_limit);
  ~BlockingPool();  // runs what is queued, then joins
  BlockingPool(BlockingPool const&) = delete;
  BlockingPool& operator=(BlockingPool const&) = delete;

  // False when the queue is full or the pool is stopping; then `work` will not run. It must not
  // throw.
  [[nodiscard]] bool submit(std::function<void()> work);
  // Takes no more work, finishes what is queued, joins: blocks as long as that takes. Twice is
  // fine; not from a thread of the pool.
  void stop();
  [[nodiscard]] std::size_t queued() const;  // waiting for a thread

  // Runs `work` (returning Result<T>) on a pool thread and resumes here, on the awaiter's loop.
  // Code::overloaded when full, Code::internal when it throws.
  // A cancelled wait ends with Code::interrupted while `work` goes on: what it refers to, and the
  // awaiter's loop, must live until the pool is done with it.
  template <class T>
  Task<Result<T>> run(std::function<Result<T>()> work);

 private:
  void serve();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::size_t const limit_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

template <class T>
Task<Result<T>> BlockingPool::run(std::function<Result<T>()> work) {
  auto executor = co_await boost::asio::this_coro::executor;
  auto state = std::make_shared<std::optional<Result<T>>>();
  auto timer = std::make_shared<boost::asio::steady_timer>(
      executor, boost::asio::steady_timer::time_point::max());
  // The timer is the rendezvous: it is cancelled on the loop's own thread, after the result stands
  // in `state`. The pool's thread holds it weakly, so that the loop's timer never dies there.
  bool const queued =
      submit([work = std::move(work), state, weak = std::weak_ptr(timer), executor] {
        auto result = detail::guarded(work);
        boost::asio::post(executor, [state, weak, result = std::move(result)]() mutable {
          state->emplace(std::move(result));
          if (auto const alive = weak.lock()) alive->cancel();
        });
      });
  if (!queued) co_return make_error(Code::overloaded, "too much blocking work queued");
  while (!state->has_value()) {
    auto const [ec] = co_await timer->async_wait(kNoThrow);
    if (!state->has_value() && ec)
      co_return make_error(Code::interrupted, "cancelled while waiting");
  }
  co_return std::move(**state);
}

}  // namespace aw::io
