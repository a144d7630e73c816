// SPDX-License-Identifier: Apache-2.0
// What a function is that waits for I/O: a coroutine on one event loop.
//
// A Task starts when awaited and runs on its awaiter's loop. Take parameters by value, or make sure
// they outlive it.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/base/clock.h"

namespace aw::io {

template <class T>
using Task = boost::asio::awaitable<T>;

// A completion that reports its error code as a value instead of throwing: `auto [ec, n] = co_await
// x(kNoThrow)`.
inline constexpr auto kNoThrow = boost::asio::as_tuple_t<boost::asio::use_awaitable_t<>>{};

namespace detail {
// co_spawn default-constructs the result it hands over, which a Result cannot: so the value is left
// here instead.
// `out` outlives the task.
template <class T>
Task<void> keep(Task<T> task, std::optional<T>* out) {
  out->emplace(co_await std::move(task));
}
}  // namespace detail

// Runs one task to its end on a loop of its own: for commands and tests, never inside a loop.
// What the task throws comes out here. Blocks the calling thread; there is no deadline but the
// task's own. Turn::current() is null in it.
template <class T>
T run_blocking(Task<T> task) {
  boost::asio::io_context loop(1);
  std::exception_ptr failure;
  auto const note = [&failure](std::exception_ptr e) { failure = e; };
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(loop, std::move(task), note);
    loop.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> out;
    boost::asio::co_spawn(loop, detail::keep(std::move(task), &out), note);
    loop.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*out);
  }
}

// Waits until `when`; returns early only when the loop stops or the waiting coroutine is cancelled.
Task<void> sleep_until(SteadyTime when);

}  // namespace aw::io
