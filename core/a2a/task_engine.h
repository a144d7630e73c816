// SPDX-License-Identifier: Apache-2.0
// All tasks of this agent: makes them, changes them by the rules of task.h, shows them to their
// owner only, and tells subscribers what happens, everyone the same events in the same order.
//
// Thread-safe: one short lock, never held across a wait. Bounded: tasks in all, per caller, running
// per caller, bytes and events of a task; finished tasks leave by age, or oldest first when there
// are too many.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/draft.h"
#include "core/a2a/kept_task.h"
#include "core/a2a/operation.h"
#include "core/a2a/task.h"
#include "core/a2a/task_observer.h"
#include "core/a2a/task_store.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/io/task.h"

namespace aw::a2a {

// What rests (ended, or waiting for its caller) is forgotten to make room; what runs never is,
// and then there is Code::task_limit.
struct EngineLimits {
  std::size_t max_tasks = 10'000;
  std::size_t max_tasks_per_caller = 1'000;
  std::size_t max_running_per_caller = 1'024;  // a thousand streams of one caller
  std::size_t max_bytes = 256U << 20;          // all tasks together
  std::size_t max_task_bytes = 64U << 20;      // one task
  std::size_t max_pending_events = 4'096;      // a subscriber further behind is dropped
  std::size_t max_subscribers = 64;            // of one task
  std::chrono::nanoseconds retention = std::chrono::hours(24);
};

// Used up by `create` and `draft`.
struct NewTask {
  std::string owner;
  std::string capability;
  std::string context_id;  // empty = a new one
  MessagePtr message;
  std::string_view payload;  // JSON; whoever made it keeps it until the call is over
  std::string metadata;
  std::string idempotency_key;
};

// Newest change first.
struct Page {
  std::vector<TaskPtr> tasks;
  std::string next_token;  // empty at the end
  std::size_t total = 0;   // matching tasks on all pages
};

class TaskEngine;

// One reader of a task's events; belongs to one loop. The engine outlives it.
// Destroy it on its loop.
class Subscription {
 public:
  ~Subscription();
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;

  // The task as it was when the subscription began; every event after it comes from `next`.
  [[nodiscard]] TaskPtr const& snapshot() const;
  // What is there already, without waiting; null = nothing now.
  [[nodiscard]] EventPtr poll();
  // Waits for the next event. Null when `until` passed, or the stream is over (`over` tells).
  [[nodiscard]] io::Task<EventPtr> next(SteadyTime until);
  // Ends the wait of `next`, for a reader that has lost interest. On the reader's loop.
  void stop();
  // No event will come any more: the task is terminal and all was read, or this reader was too
  // slow.
  [[nodiscard]] bool over() const;
  [[nodiscard]] bool too_slow() const;

 private:
  friend class TaskEngine;
  friend class TaskTable;
  struct Reader;
  explicit Subscription(std::shared_ptr<Reader> reader);
  std::shared_ptr<Reader> reader_;
};

// Owners are scopes (scope_of): a task is found by its owner only.
class TaskEngine {
 public:
  // `store` and `clock` outlive the engine.
  TaskEngine(EngineLimits limits, TaskStore& store, Clock const& clock);
  ~TaskEngine();
  TaskEngine(TaskEngine const&) = delete;
  TaskEngine& operator=(TaskEngine const&) = delete;

  // Told of every event from now on; outlives the engine. Before the first task.
  void observe(TaskObserver& observer);

  // At start: takes back what the store kept; tasks that were running are failed with a reason.
  // Returns how many those were. Blocks.
  [[nodiscard]] Result<std::size_t> restore();

  // A submitted task with a new id; the one of the same owner, capability and idempotency key if
  // there is one (`made` = no). Code::task_limit, Code::too_large, Code::overloaded.
  enum class Made : std::uint8_t { yes, no };
  struct Created {
    TaskPtr task;
    Made made = Made::yes;
  };
  [[nodiscard]] Result<Created> create(NewTask task);

  // For work that never waits: a task in the making. Same errors as `create`; no idempotency key.
  [[nodiscard]] Result<Draft> draft(NewTask task);
  // What came of it is from here on a task like any other. Only one that runs no more. Same errors.
  [[nodiscard]] Result<TaskPtr> keep(Draft const& draft);

  // A further message for a task: into its history. An interrupted task works again and needs a run
  // (`run` = needed); one that works already goes on as it is. Code::task_not_found, task_terminal.
  enum class Run : std::uint8_t { needed, going_on };
  struct Continued {
    TaskPtr task;
    Run run = Run::needed;
  };
  [[nodiscard]] Result<Continued> follow_up(std::string_view id, std::string_view owner,
                                            MessagePtr const& message);

  // What policy is asked about before anything else of a task is read; as `find`.
  struct About {
    std::string capability;
    std::string context_id;
  };
  [[nodiscard]] Result<About> about(std::string_view id, std::string_view owner) const;
  // Whoever's it is.
  [[nodiscard]] bool holds(std::string_view id) const;
  // Code::task_not_found also for another caller's task.
  [[nodiscard]] Result<TaskPtr> find(std::string_view id, std::string_view owner) const;
  // Code::request_malformed for a page token that is none of ours.
  [[nodiscard]] Result<Page> list(std::string_view owner, ListParams const& query) const;
  [[nodiscard]] Result<Subscription> subscribe(std::string_view id, std::string_view owner);

  // The run's side. An error leaves the task as it was.
  [[nodiscard]] Result<TaskPtr> set_status(std::string_view id, TaskState state, MessagePtr message,
                                           std::optional<Failure> failure = {});
  [[nodiscard]] Result<TaskPtr> add_artifact(std::string_view id, Artifact artifact, Chunk chunk,
                                             Last last);
  [[nodiscard]] Result<TaskPtr> set_result(std::string_view id,
                                           std::shared_ptr<const std::string> json, Artifact shown);
  // The answer is a message: the task is withdrawn, its subscribers get the message as their last
  // event.
  [[nodiscard]] Result<void> replace_by_message(std::string_view id, MessagePtr message);

  // A task that was made and shall not be: forgotten, its subscribers' streams end.
  void withdraw(std::string_view id);

  [[nodiscard]] TaskStore& store() { return store_; }
  [[nodiscard]] std::size_t size() const;

 private:
  struct State;
  [[nodiscard]] Result<std::shared_ptr<Task>> make(NewTask made) const;
  TaskStore& store_;
  std::unique_ptr<State> state_;
};

// A task of the engine, by its id. The engine outlives it.
class HeldTask final : public TaskTarget {
 public:
  HeldTask(TaskEngine& engine, std::string id, std::string context_id)
      : engine_(engine), id_(std::move(id)), context_id_(std::move(context_id)) {}
  [[nodiscard]] std::string const& id() const override { return id_; }
  [[nodiscard]] std::string const& context_id() const override { return context_id_; }
  [[nodiscard]] Result<void> set_status(TaskState state, MessagePtr message,
                                        std::optional<Failure> failure) override;
  [[nodiscard]] Result<void> add_artifact(Artifact artifact, Chunk chunk, Last last) override;
  [[nodiscard]] Result<void> set_result(std::shared_ptr<const std::string> json,
                                        Artifact shown) override;
  [[nodiscard]] Result<void> replace_by_message(MessagePtr message) override;

 private:
  TaskEngine& engine_;
  std::string const id_;
  std::string const context_id_;
};

}  // namespace aw::a2a
