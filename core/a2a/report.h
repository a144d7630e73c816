// SPDX-License-Identifier: Apache-2.0
// An executor's words, on their way into its task.
//
// Belongs to the run's loop.
#pragma once

#include <optional>
#include <string>

#include "core/a2a/executor.h"
#include "core/a2a/task_target.h"

namespace aw::a2a {

class Report final : public Progress {
 public:
  // `target` outlives the report.
  explicit Report(TaskTarget& target) : target_(target) {}

  // The task counts as working, if it did not already.
  void begin();
  void status(TaskState state, MessagePtr message) override;
  void artifact(Artifact artifact, Chunk chunk, Last last) override;
  void result(std::string json) override;
  void reply(Message message) override;

  [[nodiscard]] bool ended() const { return ended_ || replied_; }
  // The first real problem: it fails the task.
  [[nodiscard]] std::optional<Error> const& failure() const { return failure_; }

 private:
  [[nodiscard]] MessagePtr addressed(Message const& message) const;
  void note(Result<void> const& result);

  TaskTarget& target_;
  bool begun_ = false;
  bool ended_ = false;
  bool replied_ = false;
  std::optional<Error> failure_;
};

// An agent's message of one text part, with a fresh id.
[[nodiscard]] MessagePtr agent_says(std::string text);
// Ends the task as failed. That it has ended already is no problem.
void fail_task(TaskTarget& target, Failure failure);

}  // namespace aw::a2a
