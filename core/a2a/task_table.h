// SPDX-License-Identifier: Apache-2.0
// The tasks an agent holds: found by id, by owner and by idempotency key, counted against the
// limits, forgotten oldest first. Knows no event and no store; task_engine.cc does.
//
// Not thread-safe: the engine holds its lock over every call.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/a2a/kept_task.h"
#include "core/a2a/task_engine.h"
#include "core/a2a/task_index.h"
#include "core/a2a/task_key.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::a2a {

class TaskTable {
 public:
  struct Owner {
    TaskIndex tasks;
    std::size_t running = 0;
  };
  using Owners = std::map<std::string, Owner, std::less<>>;
  using Readers = std::vector<std::shared_ptr<Subscription::Reader>>;
  struct Entry {
    KeptTask task;
    Owners::iterator owner;
    Readers readers;
  };
  // An iterator is good until the next task is inserted or this one removed; an entry, and the
  // text of its key, until it is removed.
  using Entries = std::unordered_map<TaskKey, Entry, TaskKey::Hash>;
  using At = Entries::iterator;

  // Told of a task that is forgotten while it is still there, to take leave of its readers.
  using Leaving = std::function<void(std::string_view id, Entry& entry)>;
  TaskTable(EngineLimits const& limits, Leaving leaving)
      : limits_(limits), leaving_(std::move(leaving)) {}

  [[nodiscard]] EngineLimits const& limits() const { return limits_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  [[nodiscard]] At none() { return entries_.end(); }
  [[nodiscard]] At find(std::string_view id);
  // None also for another owner's.
  [[nodiscard]] At find(std::string_view id, std::string_view owner);
  // The task that was made of the same request of the same owner before.
  [[nodiscard]] At find_made(Task const& task);
  // Null = it has no task.
  [[nodiscard]] Owner* owner(std::string_view name);
  // Below the limit for tasks of one owner that run.
  [[nodiscard]] bool may_run_more(Owner const& owner) const {
    return owner.running < limits_.max_running_per_caller;
  }

  // Room for one more task of `owner`, made by forgetting what rests: of all by age and number, of
  // the owner by number. `now` is about the time. Code::task_limit when all that is there runs.
  [[nodiscard]] Result<void> make_room(std::string_view owner, std::size_t bytes, WallTime now);
  // A task with an id of its own. There is room.
  void insert(KeptTask task);
  // The task at `at` is from now on `next`; an error leaves it as it was. Code::too_large,
  // Code::task_limit; neither keeps a task from ending.
  [[nodiscard]] Result<void> replace(At at, TaskPtr next);
  void remove(At at);

 private:
  // What is forgotten first: the oldest. The id is the entry's own.
  struct Resting {
    WallTime updated;
    std::string_view id;
    friend auto operator<=>(Resting const& a, Resting const& b) = default;
  };
  void remove(std::string_view id);
  void expire(WallTime now);
  void index(At at);
  void unindex(At at);

  EngineLimits const limits_;
  Leaving const leaving_;
  Entries entries_;
  Owners owners_;
  std::set<Resting> resting_;
  std::unordered_map<std::string, std::string> made_;  // idempotency name -> task id
  std::size_t bytes_ = 0;
};

}  // namespace aw::a2a
