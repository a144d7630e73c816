// SPDX-License-Identifier: Apache-2.0
// The worker threads: one event loop each. What starts on a loop stays on it, so it needs no lock.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace aw::io {

// Threads are named aw-loop-N. Between waits a loop runs at most 128 handlers, then ends its turn
// (turn.h).
class Loops {
 public:
  // At least one. Threads start at once and wait for work.
  explicit Loops(std::size_t count);
  // Stops and joins.
  ~Loops();
  Loops(Loops const&) = delete;
  Loops& operator=(Loops const&) = delete;

  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  // `index` below size(). The loop lives as long as this.
  [[nodiscard]] boost::asio::io_context& at(std::size_t index) { return loops_[index]->context; }

  // Runs `work` once on every loop, soon; does not wait.
  // Any thread. `work` gets the loop's index and is copied once a loop; after stop() it never
  // runs.
  void post_all(std::function<void(std::size_t)> const& work);
  // Abandons pending work and joins the threads; twice is fine. Not from a loop's own thread.
  void stop();

 private:
  struct Loop {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace aw::io
