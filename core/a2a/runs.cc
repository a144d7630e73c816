// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/runs.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "core/a2a/report.h"
#include "core/io/alarm.h"

namespace aw::a2a {
namespace {

// How long an executor may be silent before its task counts as working. Until then it can still
// answer with a bare message.
constexpr auto kFirstWord = std::chrono::milliseconds(50);

// What the task's owner may read of an error. Backends speak for themselves in backend_failed;
// everything else could tell addresses and paths.
Failure shown(Error const& error) {
  auto const& info = code_info(error.code);
  bool const own_words = error.code == Code::backend_failed || error.code == Code::too_large ||
                         error.code == Code::task_limit || error.code == Code::unknown_capability;
  return {error.code, own_words ? error.message : std::string(info.title)};
}

}  // namespace

struct Runs::Run {
  enum class Why : std::uint8_t { none, cancelled, late, stopping };

  Run(boost::asio::any_io_executor const& on, std::string id) : loop(on), task_id(std::move(id)) {}

  boost::asio::any_io_executor loop;
  std::string task_id;
  boost::asio::cancellation_signal signal;
  io::Alarm deadline;
  io::Alarm first_word;
  // Below: the loop only.
  Why why = Why::none;
  bool done = false;

  // On the loop.
  void interrupt(Why reason) {
    if (done || why != Why::none) return;
    why = reason;
    signal.emit(boost::asio::cancellation_type::terminal);
  }
};

Runs::Runs(TaskEngine& engine, Executor& executor, log::Log& log)
    : engine_(engine), executor_(executor), log_(log) {}

std::size_t Runs::size() const {
  std::lock_guard const lock(mutex_);
  return runs_.size();
}

void Runs::start(Work work, boost::asio::any_io_executor const& on) {
  bool refused = false;
  {
    std::lock_guard const lock(mutex_);
    refused = stopping_;
  }
  HeldTask task(engine_, work.task_id, work.context_id);
  if (refused) return fail_task(task, {Code::draining, "the agent is shutting down"});
  if (executor_.never_waits(work.capability)) return run_at_once(std::move(work), task);
  auto run = std::make_shared<Run>(on, work.task_id);
  {
    std::lock_guard const lock(mutex_);
    refused = stopping_;
    if (!refused) runs_.insert_or_assign(work.task_id, run);
  }
  if (refused) return fail_task(task, {Code::draining, "the agent is shutting down"});
  // The alarms go with the run; what they ring may end it, so it is held meanwhile.
  run->deadline.set(on, work.deadline, [weak = std::weak_ptr(run)] {
    if (auto const held = weak.lock()) held->interrupt(Run::Why::late);
  });
  auto self = shared_from_this();
  auto slot = run->signal.slot();
  boost::asio::co_spawn(
      on, drive(self, run, std::move(work)),
      boost::asio::bind_cancellation_slot(
          slot, [self, run](std::exception_ptr failure) { self->ended(*run, failure); }));
}

io::Task<void> Runs::drive(std::shared_ptr<Runs> self, std::shared_ptr<Run> run, Work work) {
  HeldTask task(self->engine_, work.task_id, work.context_id);
  auto report = std::make_shared<Report>(task);
  run->first_word.set(run->loop, std::chrono::steady_clock::now() + kFirstWord,
                      [report] { report->begin(); });
  auto const result = co_await self->executor_.run(std::move(work), *report);
  run->first_word.clear();
  // An executor that was told to stop may come back as if it had finished: `ended` knows better.
  if (run->why != Run::Why::none) co_return;
  self->conclude(task, *report, result);
}

void Runs::conclude(TaskTarget& task, Report& report, Result<void> const& result) {
  auto failure = report.failure();
  if (!failure && !result.ok()) failure = result.error();
  if (failure) {
    log_.failed(log::Component::a2a, log::Level::warning, "task failed", *failure);
    fail_task(task, shown(*failure));
  } else if (!report.ended()) {
    report.begin();
    report.status(TaskState::completed, nullptr);
  }
}

void Runs::run_at_once(Work work, TaskTarget& task) {
  Report report(task);
  try {
    conclude(task, report, executor_.run_at_once(std::move(work), report));
  } catch (std::exception const& error) {
    log_.error(log::Component::a2a, "an executor threw",
               {{"task_id", task.id()}, {"error", error.what()}});
    fail_task(task, {Code::internal, std::string(code_info(Code::internal).title)});
  }
}

void Runs::ended(Run& run, std::exception_ptr const& failure) {
  run.done = true;
  run.deadline.clear();
  run.first_word.clear();
  {
    std::lock_guard const lock(mutex_);
    auto const found = runs_.find(run.task_id);
    if (found != runs_.end() && found->second.lock().get() == &run) runs_.erase(found);
  }
  // Cancellation unwinds as an exception of asio's, or ends the executor with an error; either way
  // the reason given first is the one that counts.
  if (run.why == Run::Why::late) {
    fail(run.task_id, {Code::backend_timeout, std::string(code_info(Code::backend_timeout).title)});
  } else if (run.why == Run::Why::stopping) {
    fail(run.task_id, {Code::draining, "the agent is shutting down"});
  } else if (failure && run.why == Run::Why::none) {
    try {
      std::rethrow_exception(failure);
    } catch (std::exception const& error) {
      log_.error(log::Component::a2a, "an executor threw",
                 {{"task_id", run.task_id}, {"error", error.what()}});
    }
    fail(run.task_id, {Code::internal, std::string(code_info(Code::internal).title)});
  }
}

void Runs::fail(std::string const& task_id, Failure failure) {
  HeldTask task(engine_, task_id, {});
  fail_task(task, std::move(failure));
}

Result<TaskPtr> Runs::cancel(std::string_view task_id) {
  AW_TRY(auto task, engine_.set_status(task_id, TaskState::canceled, nullptr));
  std::shared_ptr<Run> run;
  {
    std::lock_guard const lock(mutex_);
    auto const found = runs_.find(std::string(task_id));
    if (found != runs_.end()) run = found->second.lock();
  }
  if (run) boost::asio::post(run->loop, [run] { run->interrupt(Run::Why::cancelled); });
  return task;
}

void Runs::stop() {
  std::vector<std::shared_ptr<Run>> running;
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    for (auto const& [id, weak] : runs_)
      if (auto run = weak.lock()) running.push_back(std::move(run));
  }
  for (auto const& run : running) {
    fail(run->task_id, {Code::draining, "the agent is shutting down"});
    boost::asio::post(run->loop, [run] { run->interrupt(Run::Why::stopping); });
  }
}

}  // namespace aw::a2a
