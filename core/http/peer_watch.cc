// SPDX-License-Identifier: Apache-2.0
#include "core/http/peer_watch.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace aw::http {

PeerWatch::PeerWatch(Connection& connection, std::function<std::optional<Pull>()> take,
                     std::function<void()> left)
    : connection_(connection),
      take_(std::move(take)),
      left_(std::move(left)),
      over_(connection.shard().loop, SteadyTime::max()) {}

void PeerWatch::begin() {
  if (running_) return;
  running_ = true;
  boost::asio::co_spawn(
      connection_.shard().loop, look(connection_.shared_from_this()),
      boost::asio::bind_cancellation_slot(
          signal_.slot(), [this, keep = connection_.shared_from_this()](std::exception_ptr) {
            running_ = false;
            over_.cancel();
          }));
}

io::Task<void> PeerWatch::look(std::shared_ptr<Connection> keep) {
  for (auto taken = take_(); taken; taken = take_()) {
    if (*taken == Pull::closed) co_return left_();
    if (*taken == Pull::bytes) continue;
    auto const ready = co_await keep->stream().readable();
    if (!ready.ok()) co_return;
  }
}

io::Task<void> PeerWatch::end() {
  signal_.emit(boost::asio::cancellation_type::terminal);
  while (running_) {
    auto const [ignored] = co_await over_.async_wait(io::kNoThrow);
    static_cast<void>(ignored);
  }
}

void PeerWatch::tell() {
  if (auto const notify = std::exchange(notify_, nullptr)) notify();
}

}  // namespace aw::http
