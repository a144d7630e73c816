// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/service.h"

#include "core/a2a/answer.h"
#include "core/a2a/card.h"
#include "core/a2a/exchange.h"
#include "core/a2a/runs.h"

namespace aw::a2a {
namespace {

constexpr std::chrono::milliseconds kUnwatched{200};
constexpr std::chrono::seconds kAWhile{1};

TaskDetail detail_of(Operation const& operation) {
  TaskDetail detail{.history_length = operation.history_length};
  if (operation.kind == Kind::list && !operation.list.include_artifacts)
    detail.artifacts = TaskDetail::Artifacts::hidden;
  return detail;
}

// 0.3's proto wraps what its JSON has bare.
std::string with_proto_security(std::string card) {
  constexpr std::string_view kBare = R"("security":[{"mtls":[]}])";
  if (auto const at = card.find(kBare); at != std::string::npos)
    card.replace(at, kBare.size(), R"("security":[{"schemes":{"mtls":{"list":[]}}}])");
  return card;
}

// While it lives, a caller that goes away ends the wait for events.
class PeerWatch {
 public:
  PeerWatch(http::ResponseWriter& writer, Subscription& subscription) : writer_(writer) {
    writer_.on_peer_gone([&subscription] { subscription.stop(); });
  }
  ~PeerWatch() { writer_.on_peer_gone(nullptr); }
  PeerWatch(PeerWatch const&) = delete;
  PeerWatch& operator=(PeerWatch const&) = delete;

 private:
  http::ResponseWriter& writer_;
};

// A stream's caller has seen all there is to see for now.
bool ends_stream(Event const& event) {
  if (std::holds_alternative<MessagePtr>(event)) return true;
  auto const* const update = std::get_if<StatusUpdate>(&event);
  return update != nullptr &&
         (is_terminal(update->task->status.state) || is_interrupted(update->task->status.state));
}

TaskPtr task_in(Event const& event) {
  if (auto const* task = std::get_if<TaskPtr>(&event)) return *task;
  if (auto const* update = std::get_if<StatusUpdate>(&event)) return update->task;
  if (auto const* update = std::get_if<ArtifactUpdate>(&event)) return update->task;
  return nullptr;
}

Outcome outcome_of(int status, Task const& task) {
  Outcome out{.status = status, .code = {}, .task_id = task.id, .state = task.status.state};
  if (task.failure) out.code = task.failure->code;
  return out;
}

}  // namespace

struct Service::Started {
  TaskPtr task;
  Subscription subscription;
};

Service::Service(ServiceOptions options, TaskEngine& engine, Executor& executor, Clock const& clock,
                 log::Log& log)
    : options_(std::move(options)),
      engine_(engine),
      executor_(executor),
      clock_(clock),
      log_(log),
      runs_(std::make_shared<Runs>(engine, executor, log)) {}

Service::~Service() { stop(); }

void Service::stop() { runs_->stop(); }
std::size_t Service::running() const { return runs_->size(); }

Result<void> Service::resolve(Operation& operation, Caller const& caller) const {
  switch (operation.kind) {
    case Kind::authorize_only:
      return {};
    case Kind::list:
      operation.capability = "list_tasks";
      return {};
    case Kind::extended_card:
      operation.capability = "get_extended_card";
      return {};
    case Kind::get:
    case Kind::cancel:
    case Kind::subscribe:
    case Kind::send:
    case Kind::stream:
    case Kind::push_create:
    case Kind::push_get:
    case Kind::push_list:
    case Kind::push_delete:
      break;
  }
  if (operation.task_id.empty()) {
    if (operation.capability.empty())
      return make_error(Code::unknown_capability, "no capability named");
    return {};
  }
  AW_TRY(auto task, engine_.about(operation.task_id, scope_of(operation, caller)));
  if (!operation.capability.empty() && operation.capability != task.capability)
    return make_error(Code::unknown_capability, "the task belongs to another capability");
  operation.capability = std::move(task.capability);
  if (operation.context_id.empty()) operation.context_id = std::move(task.context_id);
  return {};
}

io::Task<Outcome> Service::execute(Operation&& operation, Caller&& caller,
                                   http::ResponseWriter& writer) {
  Exchange exchange{operation, caller, scope_of(operation, caller), writer};
  co_return co_await dispatch(exchange);
}

// Against what a new task is given: an answer to a task that asked (input_required) has no shape.
std::string Service::objection(Operation const& operation) const {
  bool const begins = operation.kind == Kind::send || operation.kind == Kind::stream;
  if (!begins || !operation.task_id.empty()) return {};
  auto const schema = options_.parameters.find(operation.capability);
  if (schema == options_.parameters.end()) return {};
  return schema->second.objection(operation.send.payload, "payload");
}

io::Task<Outcome> Service::dispatch(Exchange& exchange) {
  if (auto said = objection(exchange.operation); !said.empty())
    return exchange.fail(ProtocolError::params, std::move(said));
  switch (exchange.operation.kind) {
    case Kind::send:
      return ends_at_once(exchange.operation) ? send_at_once(exchange) : send(exchange);
    case Kind::stream:
      return stream(exchange);
    case Kind::get:
      return get(exchange);
    case Kind::cancel:
      return cancel(exchange);
    case Kind::subscribe:
      return subscribe(exchange);
    case Kind::list:
      return list(exchange);
    case Kind::extended_card:
      return extended_card(exchange);
    case Kind::push_create:
    case Kind::push_get:
    case Kind::push_list:
    case Kind::push_delete:
      return push(exchange);
    case Kind::authorize_only:
      break;
  }
  return authorized(exchange);
}

// The caller's task, if policy was asked about this very capability.
Result<TaskPtr> Service::owned(Exchange const& exchange) const {
  AW_TRY(auto task, engine_.find(exchange.operation.task_id, exchange.scope));
  if (task->capability != exchange.operation.capability)
    return make_error(Code::internal, "policy was asked about another capability than the task's");
  return task;
}

Work Service::work_of(Exchange& exchange, TaskPtr task) const {
  auto const timeout = options_.timeouts.find(task->capability);
  auto const allowed =
      timeout == options_.timeouts.end() ? options_.default_timeout : timeout->second;
  auto& caller = exchange.caller;
  return {.task_id = task->id,
          .context_id = task->context_id,
          .capability = task->capability,
          .caller = caller.id,
          .decision_id = caller.decision_id,
          .xfcc = std::move(caller.xfcc),
          .traceparent = std::move(caller.traceparent),
          .payload = std::move(exchange.operation.send.payload),
          .message = task->history.back(),
          .task = task,
          .deadline = clock_.steady() + std::chrono::duration_cast<SteadyTime::duration>(allowed)};
}

bool Service::ends_at_once(Operation const& operation) const {
  auto const& send = operation.send;
  bool const plain = operation.task_id.empty() && send.idempotency_key.empty() && !send.push;
  return plain && send.wait != Wait::no && executor_.never_waits(operation.capability);
}

Result<Service::Started> Service::begin_new(Exchange& exchange,
                                            boost::asio::any_io_executor const& loop) {
  auto& operation = exchange.operation;
  if (!executor_.serves(operation.capability))
    return make_error(Code::unknown_capability,
                      "this agent has no capability named \"" + operation.capability + '"');
  AW_TRY(auto created, engine_.create({.owner = exchange.scope,
                                       .capability = operation.capability,
                                       .context_id = operation.context_id,
                                       .message = operation.send.message,
                                       .payload = operation.send.payload,
                                       .metadata = operation.send.metadata,
                                       .idempotency_key = operation.send.idempotency_key}));
  AW_TRY(auto subscription, engine_.subscribe(created.task->id, exchange.scope));
  if (auto attached = attach_push(exchange, *created.task); !attached.ok()) {
    // Never begun: nobody was told of it.
    if (created.made == TaskEngine::Made::yes) engine_.withdraw(created.task->id);
    return std::move(attached).error();
  }
  if (created.made == TaskEngine::Made::yes) runs_->start(work_of(exchange, created.task), loop);
  return Started{std::move(created.task), std::move(subscription)};
}

Result<Service::Started> Service::continue_task(Exchange& exchange,
                                                boost::asio::any_io_executor const& loop) {
  auto& operation = exchange.operation;
  AW_TRY(auto task, owned(exchange));
  if (!operation.context_id.empty() && operation.context_id != task->context_id)
    return make_error(Code::request_malformed, "contextId is not the task's");
  AW_TRY(auto subscription, engine_.subscribe(task->id, exchange.scope));
  AW_TRY(attach_push(exchange, *task));
  AW_TRY(auto continued, engine_.follow_up(task->id, exchange.scope, operation.send.message));
  if (continued.run == TaskEngine::Run::needed)
    runs_->start(work_of(exchange, continued.task), loop);
  return Started{std::move(continued.task), std::move(subscription)};
}

Result<Service::Started> Service::begin(Exchange& exchange,
                                        boost::asio::any_io_executor const& loop) {
  if (exchange.operation.task_id.empty()) return begin_new(exchange, loop);
  return continue_task(exchange, loop);
}

io::Task<Outcome> Service::send_at_once(Exchange& exchange) {
  auto const& operation = exchange.operation;
  auto draft = engine_.draft({.owner = exchange.scope,
                              .capability = operation.capability,
                              .context_id = operation.context_id,
                              .message = operation.send.message,
                              .payload = operation.send.payload,
                              .metadata = operation.send.metadata,
                              .idempotency_key = {}});
  if (!draft.ok()) co_return co_await exchange.fail(std::move(draft).error());
  runs_->run_at_once(work_of(exchange, draft->task()), *draft);
  if (auto const& message = draft->message()) {
    co_return co_await exchange.answer(
        sent_response(operation.shape, message, detail_of(operation), 200), {});
  }
  auto task = engine_.keep(*draft);
  if (!task.ok()) co_return co_await exchange.fail(std::move(task).error());
  co_return co_await tell(exchange, std::move(*task));
}

io::Task<Outcome> Service::send(Exchange& exchange) {
  auto const loop = co_await boost::asio::this_coro::executor;
  auto const& operation = exchange.operation;
  if (exchange.operation.send.push && options_.push == nullptr)
    co_return co_await exchange.fail(ProtocolError::push_not_supported,
                                     "push notifications are not supported");
  auto started = begin(exchange, loop);
  if (!started.ok()) co_return co_await exchange.fail(std::move(started).error());
  TaskPtr task = started->task;
  auto const limit =
      clock_.steady() + std::chrono::duration_cast<SteadyTime::duration>(options_.wait_limit);
  auto until = std::min(limit, operation.deadline);
  if (operation.send.wait == Wait::a_while) until = std::min(until, clock_.steady() + kAWhile);
  auto const goes_on = [&task] {
    return !is_terminal(task->status.state) && !is_interrupted(task->status.state);
  };
  // Who has left is waited for no longer; its task goes on. Most work is done before looking after
  // the caller would pay.
  std::optional<PeerWatch> watch;
  while (operation.send.wait != Wait::no && goes_on()) {
    auto const event = co_await started->subscription.next(
        watch ? until : std::min(until, clock_.steady() + kUnwatched));
    if (!event && !watch && clock_.steady() < until) {
      watch.emplace(exchange.writer, started->subscription);
      continue;
    }
    if (!event) break;
    if (std::holds_alternative<MessagePtr>(*event)) {
      co_return co_await exchange.answer(
          sent_response(operation.shape, *event, detail_of(operation), 200), {});
    }
    task = task_in(*event);
    if (ends_stream(*event)) break;
  }
  if (operation.send.wait != Wait::no && goes_on() && clock_.steady() >= operation.deadline)
    co_return co_await exchange.fail(make_error(Code::timeout, "the deadline has passed"));
  co_return co_await tell(exchange, std::move(task));
}

// Told means kept.
io::Task<Outcome> Service::tell(Exchange& exchange, TaskPtr task) {
  auto const& operation = exchange.operation;
  if (auto kept = co_await engine_.store().durable(); !kept.ok()) {
    log_.failed(log::Component::a2a, log::Level::error, "task not stored", kept.error());
    if (!is_terminal(task->status.state)) {
      (void)runs_->cancel(task->id);  // what cannot be kept is not begun
      co_return co_await exchange.fail(std::move(kept).error());
    }
  }
  auto const state = task->status.state;
  int const status = operation.shape.binding == Binding::tasks && !is_terminal(state) ? 202 : 200;
  co_return co_await exchange.answer(
      sent_response(operation.shape, Event(task), detail_of(operation), status),
      outcome_of(status, *task));
}

io::Task<Outcome> Service::stream(Exchange& exchange) {
  auto const loop = co_await boost::asio::this_coro::executor;
  if (exchange.operation.send.push && options_.push == nullptr)
    co_return co_await exchange.fail(ProtocolError::push_not_supported,
                                     "push notifications are not supported");
  auto started = begin(exchange, loop);
  if (!started.ok()) co_return co_await exchange.fail(std::move(started).error());
  exchange.operation.task_id = started->task->id;
  if (auto kept = co_await engine_.store().durable(); !kept.ok()) {
    (void)runs_->cancel(started->task->id);
    co_return co_await exchange.fail(std::move(kept).error());
  }
  // The first word decides what kind of stream this is: one message, or a task and its updates. It
  // comes soon (Runs says `working` by itself).
  auto first = co_await started->subscription.next(clock_.steady() + std::chrono::seconds(5));
  co_return co_await pump(exchange, std::move(started->subscription), std::move(first));
}

io::Task<Outcome> Service::subscribe(Exchange& exchange) {
  auto task = owned(exchange);
  if (!task.ok()) co_return co_await exchange.fail(std::move(task).error());
  auto subscription = engine_.subscribe((*task)->id, exchange.scope);
  if (!subscription.ok()) co_return co_await exchange.fail(std::move(subscription).error());
  bool const over = is_terminal(subscription->snapshot()->status.state);
  if (over && exchange.operation.shape.dialect != Dialect::plain)
    co_return co_await exchange.fail(ProtocolError::unsupported_operation,
                                     "the task has ended: there is nothing to subscribe to");
  co_return co_await pump(exchange, std::move(*subscription), nullptr);
}

io::Task<Outcome> Service::pump(Exchange& exchange, Subscription subscription, EventPtr first) {
  auto const& shape = exchange.operation.shape;
  auto& writer = exchange.writer;
  Outcome outcome = outcome_of(200, *subscription.snapshot());
  if (auto begun = co_await writer.start(200, stream_headers(shape)); !begun.ok()) {
    outcome.lost();
    co_return outcome;
  }
  PeerWatch const watch(writer, subscription);
  StreamEnd end = StreamEnd::no;
  if (!first || !std::holds_alternative<MessagePtr>(*first))
    end = co_await write_event_of(exchange, Event(subscription.snapshot()));
  EventPtr event = std::move(first);
  while (end == StreamEnd::no) {
    if (event) {
      if (auto const task = task_in(*event)) outcome = outcome_of(200, *task);
      bool const last = ends_stream(*event);
      if (last) (void)co_await engine_.store().durable();  // logged where the task is read
      end = co_await write_event_of(exchange, *event);
      if (end == StreamEnd::no && last) end = StreamEnd::well;
    } else if (subscription.over()) {
      end = writer.peer_gone()        ? StreamEnd::gone
            : subscription.too_slow() ? StreamEnd::too_slow
                                      : StreamEnd::well;
    } else if (clock_.steady() >= exchange.operation.deadline) {
      end = StreamEnd::too_late;
    } else if (!(co_await writer.write(stream_heartbeat(shape))).ok()) {
      end = StreamEnd::gone;
    }
    if (end != StreamEnd::no) break;
    auto const beat =
        clock_.steady() + std::chrono::duration_cast<SteadyTime::duration>(options_.heartbeat);
    event = co_await subscription.next(std::min(beat, exchange.operation.deadline));
  }
  // A caller that went away ends its stream, never the task.
  if (end == StreamEnd::gone) {
    outcome.lost();
  } else {
    co_await end_stream(exchange, end);
  }
  co_return outcome;
}

io::Task<Service::StreamEnd> Service::write_event_of(Exchange& exchange, Event const& event) {
  auto const bytes = stream_event(exchange.operation.shape, event, detail_of(exchange.operation));
  if (!bytes.ok()) co_return StreamEnd::unfit;
  co_return (co_await exchange.writer.write(*bytes)).ok() ? StreamEnd::no : StreamEnd::gone;
}

io::Task<void> Service::end_stream(Exchange& exchange, StreamEnd end) {
  auto const& shape = exchange.operation.shape;
  auto trailers = stream_trailers(shape);
  if (end == StreamEnd::too_late && shape.binding == Binding::grpc) {
    trailers = error_trailers({.code = Code::timeout, .decision_id = exchange.caller.decision_id});
  } else if (end != StreamEnd::well) {
    auto const error =
        end == StreamEnd::unfit ? ProtocolError::invalid_agent_response : ProtocolError::internal;
    auto const* const what = end == StreamEnd::unfit      ? "the agent's answer fits no message"
                             : end == StreamEnd::too_slow ? "the stream was read too slowly"
                                                          : "the deadline has passed";
    if (auto const told = stream_error(shape, error, what); !told.empty())
      (void)co_await exchange.writer.write(told);  // gone or not, the stream ends here
    trailers = stream_trailers(shape, error, what);
  }
  (void)co_await exchange.writer.finish(std::move(trailers));
}

io::Task<Outcome> Service::get(Exchange& exchange) {
  auto task = owned(exchange);
  if (!task.ok()) co_return co_await exchange.fail(std::move(task).error());
  co_return co_await exchange.answer(
      task_response(exchange.operation.shape, **task, detail_of(exchange.operation)),
      Outcome{.status = 200, .code = {}, .task_id = (*task)->id, .state = (*task)->status.state});
}

io::Task<Outcome> Service::cancel(Exchange& exchange) {
  auto const& shape = exchange.operation.shape;
  auto task = owned(exchange);
  if (!task.ok()) co_return co_await exchange.fail(std::move(task).error());
  auto cancelled = runs_->cancel((*task)->id);
  if (!cancelled.ok()) {
    // The earlier implementation gave a finished task back unchanged.
    if (shape.binding == Binding::json_rpc && shape.dialect == Dialect::plain)
      co_return co_await get(exchange);
    if (cancelled.error().code == Code::task_terminal)
      co_return co_await exchange.fail(ProtocolError::task_not_cancelable,
                                       "the task has ended and cannot be cancelled");
    co_return co_await exchange.fail(std::move(cancelled).error());
  }
  if (auto kept = co_await engine_.store().durable(); !kept.ok())
    log_.failed(log::Component::a2a, log::Level::error, "task not stored", kept.error());
  co_return co_await exchange.answer(
      task_response(shape, **cancelled, detail_of(exchange.operation)),
      outcome_of(200, **cancelled));
}

io::Task<Outcome> Service::list(Exchange& exchange) {
  auto const& operation = exchange.operation;
  auto page = engine_.list(exchange.scope, operation.list);
  if (!page.ok()) co_return co_await exchange.fail(std::move(page).error());
  co_return co_await exchange.answer(
      list_response(operation.shape, *page, operation.list, detail_of(operation)), {});
}

io::Task<Outcome> Service::extended_card(Exchange& exchange) {
  if (options_.card == nullptr)
    co_return co_await exchange.fail(ProtocolError::extended_card,
                                     "no extended agent card is configured");
  auto const& shape = exchange.operation.shape;
  auto const form =
      shape.dialect == Dialect::v0_3 ? CardRequest::Form::hybrid : CardRequest::Form::pure;
  auto json = options_.card->json(form, options_.card->base_url_for(exchange.operation.host));
  if (spelling_of(shape) == Spelling::v03_proto) json = with_proto_security(std::move(json));
  co_return co_await exchange.answer(card_response(shape, json), {});
}

io::Task<Outcome> Service::authorized(Exchange& exchange) {
  co_return co_await exchange.answer(
      authorized_response(exchange.caller, exchange.operation.capability), {});
}

}  // namespace aw::a2a
