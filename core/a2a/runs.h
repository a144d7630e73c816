// SPDX-License-Identifier: Apache-2.0
// The work under way: starts an executor for a task, follows it to its end, can cancel it.
//
// Thread-safe. A run lives on the loop it was started on, holds what it needs alive, and belongs to
// no request.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/a2a/executor.h"
#include "core/a2a/task_engine.h"
#include "core/base/log.h"

namespace aw::a2a {

class Report;

// Held by shared_ptr: runs keep it alive until they have unwound.
class Runs : public std::enable_shared_from_this<Runs> {
 public:
  Runs(TaskEngine& engine, Executor& executor, log::Log& log);

  // Begins on `on`. The task is set to `working` by the executor's first word, or soon by itself,
  // so that an executor may answer with a message instead.
  void start(Work work, boost::asio::any_io_executor const& on);
  // Work that never waits is over when this returns.
  void run_at_once(Work work, TaskTarget& task);
  // The task is cancelled at once for everyone; its executor at its next wait.
  // Code::task_terminal, task_not_found.
  [[nodiscard]] Result<TaskPtr> cancel(std::string_view task_id);
  // Ends all runs, their tasks failed; nothing starts any more.
  void stop();
  [[nodiscard]] std::size_t size() const;

  struct Run;

 private:
  // Ends the task as its run ended: completed, failed, or as the report has it already.
  void conclude(TaskTarget& task, Report& report, Result<void> const& result);
  static io::Task<void> drive(std::shared_ptr<Runs> self, std::shared_ptr<Run> run, Work work);
  void ended(Run& run, std::exception_ptr const& failure);
  void fail(std::string const& task_id, Failure failure);

  TaskEngine& engine_;
  Executor& executor_;
  log::Log& log_;
  mutable std::mutex mutex_;
  // Weak: a run belongs to its coroutine, so that it goes with its loop at the latest.
  std::unordered_map<std::string, std::weak_ptr<Run>> runs_;
  bool stopping_ = false;
};

}  // namespace aw::a2a
