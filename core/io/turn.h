// SPDX-License-Identifier: Apache-2.0
// A loop's turn: everything it does between two waits. What many requests of one turn need is done
// once, at the turn's end: one write to the audit log, one to the task journal, and only then do
// their coroutines go on. At low load a turn is one request, and nothing waits for others.
//
// Belongs to its loop's thread. Where `current()` is null (commands, tests without Loops), do at
// once what would have waited for the end.
#pragma once

#include <array>
#include <boost/asio/async_result.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/io/task.h"

namespace aw::io {

// Coroutines of one loop that wait for the same thing. Not cancellable: a turn's end is never far.
// One loop's, like the turn. Destroy it only when it is empty: who still waits would never go on.
class Waiters {
 public:
  // Until the next `release`.
  Task<void> wait() {
    return boost::asio::async_initiate<boost::asio::use_awaitable_t<> const, void()>(
        [this](auto handler) { waiting_.emplace_back(std::move(handler)); },
        boost::asio::use_awaitable);
  }
  // Resumes them in the order they came. Who waits again, waits for the next release.
  // Each goes on inside this call, up to its next wait.
  void release();
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  std::vector<std::move_only_function<void()>> waiting_;
  std::vector<std::move_only_function<void()>> releasing_;  // keeps its memory
};

// One a loop, made by Loops on the loop's thread.
class Turn {
 public:
  // In this order at the end: decisions are on record before their tasks are, and a task let go by
  // the first stage is stored in the same turn.
  enum class Stage : std::uint8_t { record, store };
  using Work = std::move_only_function<void()>;

  Turn();
  ~Turn();
  Turn(Turn const&) = delete;
  Turn& operator=(Turn const&) = delete;

  // The turn of the calling thread's loop; null on a thread that is no loop of Loops.
  // The pointer is good for the handler that asked: do not keep it across a wait on another loop.
  [[nodiscard]] static Turn* current();

  // Runs once, at the end of this turn. Work that is deferred while its stage runs waits for the
  // next turn, which then comes at once.
  // From this loop's thread. `work` must not throw.
  void defer(Stage stage, Work work);

  // Something of `owner` that this loop alone uses, made when first asked for. It lives as long as
  // the loop: it must be empty whenever `owner` may go.
  // One type an owner: asked for with another T, it would be read as what it is not.
  template <class T>
  T& local(void const* owner);

  // For Loops. True when work is left: the loop must not wait.
  [[nodiscard]] bool end();

 private:
  struct Local {
    void const* owner = nullptr;
    std::shared_ptr<void> value;
  };
  std::array<std::vector<Work>, 2> stages_;
  std::vector<Work> running_;
  std::vector<Local> locals_;
};

template <class T>
T& Turn::local(void const* owner) {
  for (auto const& known : locals_) {
    if (known.owner == owner) return *static_cast<T*>(known.value.get());
  }
  auto made = std::make_shared<T>();
  locals_.push_back({owner, made});
  return *made;
}

}  // namespace aw::io
