// SPDX-License-Identifier: Apache-2.0
// The seam through which the engine tells the process (not a caller) what happens to tasks.
#pragma once

#include <string_view>
#include <vector>

#include "core/a2a/task.h"
#include "core/a2a/task_store.h"

namespace aw::a2a {

// Called with the engine's lock held, in the order of events: quick, no waiting, no call back into
// the engine.
class TaskObserver {
 public:
  virtual ~TaskObserver() = default;
  // The notes are stored together with the task's new state: both survive, or neither.
  [[nodiscard]] virtual std::vector<Note> happened(Event const& event) = 0;
  // The task is gone for good; nothing more happens to it.
  virtual void forgotten(std::string_view task_id) = 0;
};

}  // namespace aw::a2a
