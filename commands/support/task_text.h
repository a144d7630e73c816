// SPDX-License-Identifier: Apache-2.0
// A task as an agent's plain binding sends it (docs/serve.md), read for printing. Pure; what it
// reads comes from another machine, so every shape is expected.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::commands {

struct TaskText {
  std::string id;
  std::string state;    // "running", "completed", …
  std::string message;  // of the status or the error
  std::string code;     // of the error: "AW7004"; may be empty
  std::string product;  // what to print: the result, else the artifacts, as JSON in its own order
  std::string whole;    // the task, as JSON text

  [[nodiscard]] bool going_on() const { return state == "pending" || state == "running"; }
};

// Code::protocol when it is no task.
[[nodiscard]] Result<TaskText> read_task(std::string_view body);

// What a task that did not complete means for the caller: Code::backend_failed or the task's own.
[[nodiscard]] Result<void> check_task(TaskText const& task);

}  // namespace aw::commands
