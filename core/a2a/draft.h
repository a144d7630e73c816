// SPDX-License-Identifier: Apache-2.0
// A task that nobody has heard of yet, for work that never waits: its run changes it in place, and
// only what came of it is made known (TaskEngine::keep).
//
// A task that others may watch is a new value for every change, with a lock, an event and an index
// each: for an answer that is there at once that was half of the request's own work.
//
// Belongs to one loop.
#pragma once

#include <memory>
#include <string>

#include "core/a2a/task_target.h"
#include "core/base/clock.h"

namespace aw::a2a {

class Draft final : public TaskTarget {
 public:
  // `task` is shared with nobody else; `most_bytes` is what it may hold; `clock` outlives it.
  Draft(std::shared_ptr<Task> task, std::size_t most_bytes, Clock const& clock)
      : task_(std::move(task)), most_bytes_(most_bytes), clock_(clock) {}

  [[nodiscard]] std::string const& id() const override { return task_->id; }
  [[nodiscard]] std::string const& context_id() const override { return task_->context_id; }
  [[nodiscard]] Result<void> set_status(TaskState state, MessagePtr message,
                                        std::optional<Failure> failure) override;
  [[nodiscard]] Result<void> add_artifact(Artifact artifact, Chunk chunk, Last last) override;
  [[nodiscard]] Result<void> set_result(std::shared_ptr<const std::string> json,
                                        Artifact shown) override;
  [[nodiscard]] Result<void> replace_by_message(MessagePtr message) override;

  // Shared from here on: do not go on changing it.
  [[nodiscard]] TaskPtr task() const { return task_; }
  // Set: the answer is this message, and there is no task to keep.
  [[nodiscard]] MessagePtr const& message() const { return message_; }

 private:
  [[nodiscard]] Result<void> check_size(std::size_t more) const;

  std::shared_ptr<Task> task_;
  std::size_t most_bytes_;
  Clock const& clock_;
  MessagePtr message_;
};

}  // namespace aw::a2a
