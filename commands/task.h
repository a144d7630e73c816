// SPDX-License-Identifier: Apache-2.0
// `agentweave task get|list|cancel|watch TARGET …`: the tasks one has with an agent.
#pragma once

#include <cstdint>
#include <string>

#include "commands/support/context.h"
#include "commands/support/server.h"

namespace aw::commands {

struct TaskOptions {
  ServerOptions server;
  std::string id;
};

// `limit` over all pages; a state that is no name is Code::usage.
struct TaskListOptions {
  ServerOptions server;
  std::string context;
  std::string state;  // any of the vocabularies; empty = all
  std::uint32_t limit = 50;
};

// Each blocks up to the server's timeout and ends with the agent's own error:
// Code::task_not_found, Code::denied_by_policy and the like.
Result<void> run_task_get(TaskOptions const& options, Context& context);
Result<void> run_task_list(TaskListOptions const& options, Context& context);
// Prints the task as the agent answers it.
Result<void> run_task_cancel(TaskOptions const& options, Context& context);
// Until the task has ended or asks back. A task that fails is exit 1.
Result<void> run_task_watch(TaskOptions const& options, Context& context);

void register_task(CLI::App& parent, Context& context);

}  // namespace aw::commands
