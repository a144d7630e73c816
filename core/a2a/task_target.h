// SPDX-License-Identifier: Apache-2.0
// The task a run works on, as the run sees it: something that can be told what happens.
//
// Two kinds: one that the engine holds and others watch (HeldTask, task_engine.h), and one that
// nobody has heard of yet (Draft, draft.h).
#pragma once

#include <optional>
#include <string>

#include "core/a2a/task.h"

namespace aw::a2a {

// An error leaves the task as it was.
// Used by one run, on its loop.
class TaskTarget {
 public:
  virtual ~TaskTarget() = default;
  [[nodiscard]] virtual std::string const& id() const = 0;
  [[nodiscard]] virtual std::string const& context_id() const = 0;
  [[nodiscard]] virtual Result<void> set_status(TaskState state, MessagePtr message,
                                                std::optional<Failure> failure) = 0;
  [[nodiscard]] virtual Result<void> add_artifact(Artifact artifact, Chunk chunk, Last last) = 0;
  // What a backend returned, and the artifact that shows it.
  [[nodiscard]] virtual Result<void> set_result(std::shared_ptr<const std::string> json,
                                                Artifact shown) = 0;
  // The answer is a message: there is no task any more.
  [[nodiscard]] virtual Result<void> replace_by_message(MessagePtr message) = 0;
};

}  // namespace aw::a2a
