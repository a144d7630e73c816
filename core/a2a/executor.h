// SPDX-License-Identifier: Apache-2.0
// The seam behind the task engine: does the work of one task.
//
// The server room adapts backends to it; an SDK agent may implement it directly.
#pragma once

#include <string>

#include "core/a2a/task.h"
#include "core/base/result.h"
#include "core/io/task.h"

namespace aw::a2a {

// Everything an executor may know of a task; owned by the run.
struct Work {
  std::string task_id;
  std::string context_id;
  std::string capability;
  std::string caller;  // verified SPIFFE ID
  std::string decision_id;
  std::string xfcc;
  std::string traceparent;
  std::string payload;  // JSON
  MessagePtr message;   // the message that caused this run, never null
  // As it was when the run started, with its history. Of work that never waits: as it is.
  TaskPtr task;
  SteadyTime deadline;
};

// What an executor says while it works. Call it from the run's own loop; nothing blocks. After the
// task ended (cancelled, timed out) calls do nothing.
class Progress {
 public:
  virtual ~Progress() = default;
  // working, input_required, auth_required or a terminal state. Impossible moves are ignored.
  virtual void status(TaskState state, MessagePtr message) = 0;
  virtual void artifact(Artifact artifact, Chunk chunk, Last last) = 0;
  // JSON: becomes the plain task's `result` and the artifact "result". At most one.
  virtual void result(std::string json) = 0;
  // Answers with a message and no task (A2A `message` response). Only before any other call.
  virtual void reply(Message message) = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs on the loop of the request that caused it and outlives that request. Success without a
  // terminal or interrupted status = completed; an error = failed, and the owner sees its message.
  // Cancelling a task cancels this coroutine at its next wait (asio's cancellation: the wait ends,
  // frames unwind), so hold what must be undone (a child process) in a destructor. An unknown
  // capability is Code::unknown_capability.
  [[nodiscard]] virtual io::Task<Result<void>> run(Work work, Progress& progress) = 0;
  // Does `run` end without ever waiting? Then `run_at_once` does the same here and now, before
  // anybody can have heard of the task. Quick; any thread.
  [[nodiscard]] virtual bool never_waits(std::string_view capability) const {
    static_cast<void>(capability);
    return false;
  }
  // NOLINTNEXTLINE(performance-unnecessary-value-param): whoever overrides it takes the work apart
  [[nodiscard]] virtual Result<void> run_at_once(Work work, Progress& progress) {
    static_cast<void>(work);
    static_cast<void>(progress);
    return make_error(Code::internal, "this executor waits");
  }
  // Is there code behind this capability? Asked before a task is made. Quick; any thread.
  [[nodiscard]] virtual bool serves(std::string_view capability) const = 0;
};

}  // namespace aw::a2a
