// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/runs.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "core/a2a/json_view.h"
#include "core/base/random.h"
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

MessagePtr agent_says(std::string text) {
  auto message = std::make_shared<Message>();
  message->id = random_uuid();
  message->role = Role::agent;
  message->parts.push_back(text_part(std::move(text)));
  return message;
}

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

// An executor's words, into the engine. Lives on the run's loop.
class Report final : public Progress {
 public:
  Report(TaskEngine& engine, std::string task_id, std::string context_id)
      : engine_(engine), task_id_(std::move(task_id)), context_id_(std::move(context_id)) {}

  void begin() {
    if (std::exchange(begun_, true)) return;
    note(engine_.set_status(task_id_, TaskState::working, nullptr));
  }

  void status(TaskState state, MessagePtr message) override {
    if (replied_ || ended_) return;
    if (state == TaskState::working && !message) return begin();
    if (state != TaskState::working) begin();
    begun_ = true;
    ended_ = is_terminal(state) || is_interrupted(state);
    note(engine_.set_status(task_id_, state, message ? addressed(*message) : nullptr));
  }

  void artifact(Artifact artifact, Chunk chunk, Last last) override {
    if (replied_ || ended_ || artifact.parts.empty()) return;
    begin();
    if (artifact.id.empty()) artifact.id = random_uuid();
    note(engine_.add_artifact(task_id_, std::move(artifact), chunk, last));
  }

  void result(std::string json) override {
    if (replied_ || ended_) return;
    begin();
    if (!check_json(json, {.bytes = std::size_t{64} << 20, .depth = 128}).ok()) {
      note(Result<void>(
          make_error(Code::backend_answer_malformed, "the backend's result is no valid json")));
      return;
    }
    // Text reads better as text to those who only know parts.
    JsonView const view(json);
    auto text = view.string();
    Artifact artifact{.id = std::string(kResultArtifact), .name = std::string(kResultArtifact)};
    artifact.parts.push_back(text ? text_part(std::move(*text))
                                  : data_part(std::string(view.raw())));
    note(engine_.set_result(task_id_, std::move(json)));
    note(engine_.add_artifact(task_id_, std::move(artifact), Chunk::replace, Last::yes));
  }

  void reply(Message message) override {
    if (replied_ || ended_) return;
    if (message.id.empty()) message.id = random_uuid();
    message.role = Role::agent;
    if (begun_) {
      ended_ = true;
      note(engine_.set_status(task_id_, TaskState::completed, addressed(message)));
      return;
    }
    replied_ = true;
    if (message.context_id.empty()) message.context_id = context_id_;
    note(engine_.replace_by_message(task_id_, std::make_shared<const Message>(std::move(message))));
  }

  [[nodiscard]] bool ended() const { return ended_ || replied_; }
  [[nodiscard]] std::optional<Error> const& failure() const { return failure_; }

 private:
  MessagePtr addressed(Message const& message) const {
    auto own = std::make_shared<Message>(message);
    if (own->id.empty()) own->id = random_uuid();
    own->role = Role::agent;
    own->task_id = task_id_;
    own->context_id = context_id_;
    return own;
  }

  // The first real problem fails the task. That it has ended meanwhile (cancelled) is none.
  template <class T>
  void note(Result<T> const& result) {
    if (result.ok() || failure_) return;
    auto const code = result.error().code;
    if (code != Code::task_terminal && code != Code::task_not_found) failure_ = result.error();
  }

  TaskEngine& engine_;
  std::string task_id_;
  std::string context_id_;
  bool begun_ = false;
  bool ended_ = false;
  bool replied_ = false;
  std::optional<Error> failure_;
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
  if (refused) return fail(work.task_id, {Code::draining, "the agent is shutting down"});
  if (at_once(work)) return;
  auto run = std::make_shared<Run>(on, work.task_id);
  {
    std::lock_guard const lock(mutex_);
    refused = stopping_;
    if (!refused) runs_.insert_or_assign(work.task_id, run);
  }
  if (refused) return fail(work.task_id, {Code::draining, "the agent is shutting down"});
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
  auto report = std::make_shared<Report>(self->engine_, work.task_id, work.context_id);
  run->first_word.set(run->loop, std::chrono::steady_clock::now() + kFirstWord,
                      [report] { report->begin(); });
  auto const result = co_await self->executor_.run(std::move(work), *report);
  run->first_word.clear();
  // An executor that was told to stop may come back as if it had finished: `ended` knows better.
  if (run->why != Run::Why::none) co_return;
  self->conclude(run->task_id, *report, result);
}

void Runs::conclude(std::string const& task_id, Report& report, Result<void> const& result) {
  auto failure = report.failure();
  if (!failure && !result.ok()) failure = result.error();
  if (failure) {
    log_.failed(log::Component::a2a, log::Level::warning, "task failed", *failure);
    fail(task_id, shown(*failure));
  } else if (!report.ended()) {
    report.begin();
    report.status(TaskState::completed, nullptr);
  }
}

bool Runs::at_once(Work const& work) {
  Report report(engine_, work.task_id, work.context_id);
  try {
    auto const result = executor_.run_at_once(work, report);
    if (!result) return false;
    conclude(work.task_id, report, *result);
  } catch (std::exception const& error) {
    log_.error(log::Component::a2a, "an executor threw",
               {{"task_id", work.task_id}, {"error", error.what()}});
    fail(work.task_id, {Code::internal, std::string(code_info(Code::internal).title)});
  }
  return true;
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
  auto message = std::make_shared<Message>(*agent_says(failure.message));
  message->task_id = task_id;
  // Fails only when the task has ended already, which is what this is for.
  (void)engine_.set_status(task_id, TaskState::failed, std::move(message), std::move(failure));
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
