// SPDX-License-Identifier: Apache-2.0
// A task as the engine and the stores hold it: in parts while it may still change; in one piece of
// memory, as its record, once it has ended.
//
// A task in parts is some thirty pieces of memory. An agent keeps a thousand tasks of a caller, and
// forgetting the oldest for each new one fetched all its pieces from memory that no cache held any
// more: that was a seventh of a whole request (docs/decisions/task-journal.md).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/a2a/task.h"
#include "core/a2a/task_key.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::a2a {

// What is asked of a task without reading it whole. The texts are the task's.
struct TaskFacts {
  std::string_view id;
  std::string_view context_id;
  std::string_view owner;
  std::string_view capability;
  TaskState state = TaskState::submitted;
  WallTime changed;  // the state, last
  WallTime updated;
  std::size_t bytes = 0;  // Task::bytes
  bool has_idempotency_key = false;
};
[[nodiscard]] TaskFacts facts_of(Task const& task);
// Of a task that was made or read here: its id is one of ours.
[[nodiscard]] inline TaskKey key_of(TaskFacts const& task) { return TaskKey::of(task.id).value(); }

// A value; copies share what they hold, which is immutable. Any thread.
class KeptTask {
 public:
  KeptTask() = default;  // none
  // Not null. A large task stays in parts, since its record would be a copy of them; so does one
  // whose record the reader's rules would refuse.
  explicit KeptTask(TaskPtr task);

  [[nodiscard]] explicit operator bool() const { return parts() != nullptr || piece() != nullptr; }
  // Below: of a task that is there.
  [[nodiscard]] TaskFacts facts() const;
  // The task in parts; made again from its record when that is what is held.
  // Code::state_unusable when that cannot be read, which would be an error of ours.
  [[nodiscard]] Result<TaskPtr> task() const;
  // Null when it is held in one piece.
  [[nodiscard]] TaskPtr in_parts() const;
  // Its record (codec.h): what is held, or written to `scratch`. Until either changes.
  [[nodiscard]] std::string_view record(std::string& scratch) const;

 private:
  struct Piece;
  using PiecePtr = std::shared_ptr<const Piece>;
  [[nodiscard]] Task const* parts() const;
  [[nodiscard]] Piece const* piece() const;
  std::variant<TaskPtr, PiecePtr> held_;
};

}  // namespace aw::a2a
