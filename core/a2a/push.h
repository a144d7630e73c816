// SPDX-License-Identifier: Apache-2.0
// Push notifications: every event of a task, to its webhooks, at least once, in order.
//
// A webhook's events wait in its own queue; one is under way at a time, failures are tried again
// with growing pauses, and what still waits survives a restart (as notes of the task store). One
// thread of its own does the sending: nothing here is on a request's path. Thread-safe.
//
// The address that is dialled must be public (dial_guard.h) unless `allow_private`; http without
// TLS only then. No redirect is followed, no proxy or .netrc used.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/push_config.h"
#include "core/a2a/task_observer.h"
#include "core/base/clock.h"
#include "core/base/log.h"

namespace aw::a2a {

enum class Delivery : std::uint8_t { delivered, retried, dropped };

// Counts and bytes of all tasks together, but for max_per_task. `counted` is called for each
// attempt, and for each event that found no room; with a lock of Push held, so that it must not
// call back.
struct PushOptions {
  bool allow_private = false;
  std::size_t max_per_task = 16;
  std::size_t max_configs = 10'000;
  // Of all webhooks; terminal states find room all the same.
  std::size_t max_waiting = 10'000;
  std::size_t max_waiting_bytes = 64U << 20;
  int attempts = 10;
  std::chrono::milliseconds first_pause{500};  // doubles, with jitter
  std::chrono::milliseconds longest_pause{60'000};
  std::chrono::seconds timeout{15};  // of one attempt
  std::function<void(Delivery)> counted = {};
};

class Push final : public TaskObserver {
 public:
  // All references outlive it.
  Push(PushOptions options, TaskStore& store, log::Log& log);
  ~Push() override;  // what waits is kept in the store
  Push(Push const&) = delete;
  Push& operator=(Push const&) = delete;

  // At start, before the engine restores its tasks: webhooks and what was not delivered. Blocks.
  [[nodiscard]] Result<void> restore();

  // After the engine restored its tasks: forgets webhooks of tasks that are no longer kept.
  void keep_only(std::function<bool(std::string_view task_id)> const& kept);

  // With an id if it has none; one of the same id is replaced. The owner of the task was checked.
  // Code::task_limit, Code::request_malformed for an address that is not public on sight.
  [[nodiscard]] Result<Webhook> put(Webhook config);
  // Code::task_not_found.
  [[nodiscard]] Result<Webhook> find(std::string_view task_id, std::string_view id) const;
  [[nodiscard]] std::vector<Webhook> list(std::string_view task_id) const;  // by id
  // Also what waits for it. What is not there is no error.
  void erase(std::string_view task_id, std::string_view id);

  // Under the engine's lock: queues, and returns what is to be stored with the task.
  [[nodiscard]] std::vector<Note> happened(Event const& event) override;
  void forgotten(std::string_view task_id) override;

  [[nodiscard]] std::size_t waiting() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::a2a
