// SPDX-License-Identifier: Apache-2.0
// Carries out an operation that the gates have allowed: over the task engine, answered in the
// binding and dialect it was asked in.
//
// One per process, shared by all loops; thread-safe. Work started here outlives the request (a
// caller that goes away cancels nothing); `stop` ends it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/a2a/executor.h"
#include "core/a2a/operation.h"
#include "core/a2a/router.h"
#include "core/a2a/task_engine.h"
#include "core/base/log.h"
#include "core/http/server.h"
#include "core/rego/json_schema.h"

namespace aw::a2a {

class Card;
class Push;
class Runs;

// Waits are of one request; timeouts of one run.
struct ServiceOptions {
  // A blocking send answers with the task as it is (202) when it takes longer than this.
  std::chrono::nanoseconds wait_limit = std::chrono::seconds(60);
  // A run is cancelled and its task failed after this; per capability below.
  std::chrono::nanoseconds default_timeout = std::chrono::seconds(30);
  std::map<std::string, std::chrono::nanoseconds> timeouts;
  // What the payload of a capability's new task must be; others take anything.
  std::map<std::string, rego::JsonSchema, std::less<>> parameters;
  std::chrono::nanoseconds heartbeat = std::chrono::seconds(15);  // SSE comment lines
  // The extended card; outlives the service. Null = not configured.
  Card const* card = nullptr;
  // Webhooks; outlives the service. Null = not supported.
  Push* push = nullptr;
};

// What came of it, for metrics, trace and audit (gate 9).
// `code` absent: it went well, whatever the task's state is.
struct Outcome {
  int status = 500;          // HTTP
  std::optional<Code> code;  // set when it failed
  std::string task_id;
  std::optional<TaskState> state;
  bool gone = false;  // its caller was, before it had the whole answer

  // Says so; interrupted, where it did not fail anyway.
  void lost() {
    gone = true;
    if (!code) code = Code::interrupted;
  }
};

class Service {
 public:
  // All references outlive the service.
  Service(ServiceOptions options, TaskEngine& engine, Executor& executor, Clock const& clock,
          log::Log& log);
  ~Service();
  Service(Service const&) = delete;
  Service& operator=(Service const&) = delete;

  // Before policy is asked: fills in operation.capability (and context) where the task decides.
  // Code::task_not_found for an unknown task and for another caller's, alike;
  // Code::unknown_capability when nothing says what is meant. list -> "list_tasks".
  [[nodiscard]] Result<void> resolve(Operation& operation, Caller const& caller) const;

  // Writes the whole answer (or stream). Never throws; errors are answered and reported in Outcome.
  // Checks again that a task-bound operation's capability is the task's.
  // `operation` and `caller` are used up, and outlive the task.
  [[nodiscard]] io::Task<Outcome> execute(Operation&& operation, Caller&& caller,
                                          http::ResponseWriter& writer);

  // Cancels every run and fails its task with a reason. Twice is fine.
  void stop();
  [[nodiscard]] std::size_t running() const;

 private:
  struct Started;
  struct Exchange;
  [[nodiscard]] io::Task<Outcome> dispatch(Exchange& exchange);
  [[nodiscard]] std::string objection(Operation const& operation) const;
  [[nodiscard]] Result<Started> begin(Exchange& exchange, boost::asio::any_io_executor const& loop);
  [[nodiscard]] Result<Started> begin_new(Exchange& exchange,
                                          boost::asio::any_io_executor const& loop);
  [[nodiscard]] Result<Started> continue_task(Exchange& exchange,
                                              boost::asio::any_io_executor const& loop);
  // Uses up what only the run needs.
  [[nodiscard]] Work work_of(Exchange& exchange, TaskPtr task) const;
  [[nodiscard]] bool ends_at_once(Operation const& operation) const;
  [[nodiscard]] io::Task<Outcome> send_at_once(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> tell(Exchange& exchange, TaskPtr task);
  [[nodiscard]] io::Task<Outcome> send(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> stream(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> subscribe(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> pump(Exchange& exchange, Subscription subscription,
                                       EventPtr first);
  // How a stream ended, if it has.
  enum class StreamEnd : std::uint8_t { no, well, gone, too_slow, too_late, unfit };
  [[nodiscard]] io::Task<StreamEnd> write_event_of(Exchange& exchange, Event const& event);
  [[nodiscard]] io::Task<void> end_stream(Exchange& exchange, StreamEnd end);
  [[nodiscard]] io::Task<Outcome> get(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> cancel(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> list(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> extended_card(Exchange& exchange);
  [[nodiscard]] io::Task<Outcome> push(Exchange& exchange);
  [[nodiscard]] Result<void> attach_push(Exchange const& exchange, Task const& task);
  [[nodiscard]] io::Task<Outcome> authorized(Exchange& exchange);
  [[nodiscard]] Result<TaskPtr> owned(Exchange const& exchange) const;

  ServiceOptions options_;
  TaskEngine& engine_;
  Executor& executor_;
  Clock const& clock_;
  log::Log& log_;
  std::shared_ptr<Runs> runs_;  // shared with the runs, which may end after the service on a loop
};

}  // namespace aw::a2a
