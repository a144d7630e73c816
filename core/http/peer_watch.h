// SPDX-License-Identifier: Apache-2.0
// Is the peer of an HTTP/1.1 connection still there while it gets its answer? Nobody else reads
// meanwhile, so that it could leave unseen. Inside the server only.
//
// Belongs to the connection's loop. Most connections never need one.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "core/http/connection.h"

namespace aw::http {

class PeerWatch {
 public:
  // `take` takes in what the peer sent ahead, without waiting; nothing = it sent so much that we
  // stop looking. `left` is called when the peer is found gone. The connection outlives this.
  PeerWatch(Connection& connection, std::function<std::optional<Pull>()> take,
            std::function<void()> left);

  // Twice is fine.
  void begin();
  [[nodiscard]] bool running() const { return running_; }
  // Returns once it reads no more: at most one reader may wait on the stream.
  io::Task<void> end();

  // Empty: nobody is told any more.
  void on_gone(std::function<void()> notify) { notify_ = std::move(notify); }
  // Whoever finds the peer gone. The second time nobody hears of it.
  void tell();

 private:
  io::Task<void> look(std::shared_ptr<Connection> keep);

  Connection& connection_;
  std::function<std::optional<Pull>()> const take_;
  std::function<void()> const left_;
  std::function<void()> notify_;
  bool running_ = false;
  boost::asio::cancellation_signal signal_;
  boost::asio::steady_timer over_;  // cancelled when it has ended
};

}  // namespace aw::http
