// SPDX-License-Identifier: Apache-2.0
#include "core/server/a2a_upstream.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <functional>
#include <utility>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/http/web_security.h"
#include "core/tls/digest.h"

namespace aw::server {
namespace {

using a2a::TaskState;

// Where the other side's task id is kept between two runs of one task: in the metadata of our own
// message that asked back. Only messages of the agent are looked at.
constexpr std::string_view kUpstreamKey = "agentweave.upstream_task";

std::string upstream_task(a2a::Work const& work) {
  auto const named = [](a2a::MessagePtr const& message) {
    if (!message || message->role != a2a::Role::agent || message->metadata.empty())
      return std::string();
    return a2a::JsonView(message->metadata).get(kUpstreamKey).string().value_or(std::string());
  };
  if (!work.task) return {};
  if (auto id = named(work.task->status.message); !id.empty()) return id;
  for (auto at = work.task->history.rbegin(); at != work.task->history.rend(); ++at)
    if (auto id = named(*at); !id.empty()) return id;
  return {};
}

// Two callers may choose the same context; theirs there must not be the same.
std::string upstream_context(a2a::Work const& work) {
  std::string const owner = work.caller + '\n' + work.context_id;
  return tls::sha256_hex(owner).substr(0, 32);
}

a2a::MessagePtr outgoing(a2a::Work const& work, std::string const& task_id) {
  auto message = std::make_shared<a2a::Message>(*work.message);
  if (message->id.empty()) message->id = random_uuid();
  message->role = a2a::Role::user;
  message->task_id = task_id;
  message->context_id = task_id.empty() ? upstream_context(work) : std::string();
  message->reference_task_ids.clear();  // ids of ours mean nothing there
  return message;
}

a2a::MessagePtr remembering(a2a::MessagePtr const& message, std::string const& task_id) {
  auto out = message ? std::make_shared<a2a::Message>(*message) : std::make_shared<a2a::Message>();
  if (out->parts.empty()) out->parts.push_back(a2a::text_part("more is needed to go on"));
  std::string noted;
  json::Writer writer(noted);
  writer.begin_object();
  for (auto const& [name, value] : a2a::JsonView(out->metadata).members())
    if (name != kUpstreamKey) writer.key(name).raw(value.raw());
  writer.member(kUpstreamKey, task_id).end_object();
  out->metadata = std::move(noted);
  return out;
}

a2a::Wish wish_of(backend::Wire binding) {
  switch (binding) {
    case backend::Wire::card:
      return {};
    case backend::Wire::jsonrpc:
      return {.transport = a2a::Transport::json_rpc};
    case backend::Wire::rest:
      return {.transport = a2a::Transport::http_json};
    case backend::Wire::grpc:
      return {.transport = a2a::Transport::grpc};
  }
  return {};
}

// What the task's owner reads: the other side's own words where it answered, ours where it did not.
Error as_upstream_error(Error error) {
  switch (error.code) {
    case Code::connect:
    case Code::io:
    case Code::handshake_failed:
    case Code::not_found:
      error.code = Code::backend_unreachable;
      break;
    case Code::timeout:
      error.code = Code::backend_timeout;
      break;
    case Code::protocol:
    case Code::too_large:
      error.code = Code::backend_answer_malformed;
      break;
    case Code::overloaded:
      break;
    default:
      error.code = Code::backend_failed;
  }
  return std::move(error).within("a2a backend");
}

io::Task<void> cancel_there(a2a::Remote remote, std::string task_id, SteadyTime deadline) {
  // Nobody is left to be told whether it worked.
  static_cast<void>(co_await remote.ask({.kind = a2a::Kind::cancel, .task_id = std::move(task_id)},
                                        {}, deadline));
}

// While it lives, the other side's task ends with it.
class RemoteTask {
 public:
  RemoteTask(boost::asio::any_io_executor loop, a2a::Remote remote, Clock const& clock)
      : loop_(std::move(loop)), remote_(std::move(remote)), clock_(clock) {}
  ~RemoteTask() {
    constexpr auto kPatience = std::chrono::seconds(10);
    if (id_.empty() || ended_) return;
    boost::asio::co_spawn(loop_, cancel_there(remote_, id_, clock_.steady() + kPatience),
                          boost::asio::detached);
  }
  RemoteTask(RemoteTask const&) = delete;
  RemoteTask& operator=(RemoteTask const&) = delete;

  void is(std::string const& id) { id_ = id; }
  void has_ended() { ended_ = true; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::string const& id() const { return id_; }

 private:
  boost::asio::any_io_executor loop_;
  a2a::Remote remote_;
  Clock const& clock_;
  std::string id_;
  bool ended_ = false;
};

// A task that goes on may be shown as it was before: still asking what is being answered.
enum class Opening : std::uint8_t { fresh, resumed };

// The other side's events, in this task's words.
class Relay {
 public:
  Relay(a2a::Progress& progress, RemoteTask& task, Opening opening)
      : progress_(progress), task_(task), opening_(opening) {}

  void operator()(a2a::TaskPtr const& task) {
    task_.is(task->id);
    for (auto const& artifact : task->artifacts)
      progress_.artifact(*artifact, a2a::Chunk::replace, a2a::Last::yes);
    bool const stale = std::exchange(opening_, Opening::fresh) == Opening::resumed &&
                       is_interrupted(task->status.state);
    if (!stale) status(task->status);
  }
  void operator()(a2a::MessagePtr const& message) {
    task_.has_ended();
    auto own = *message;
    own.task_id.clear();
    own.context_id.clear();
    progress_.reply(std::move(own));
  }
  void operator()(a2a::RemoteStatus const& update) {
    task_.is(update.task_id);
    status(update.status);
  }
  void operator()(a2a::RemoteArtifact const& update) {
    task_.is(update.task_id);
    progress_.artifact(update.artifact, update.chunk, update.last);
  }

 private:
  void status(a2a::TaskStatus const& status) {
    if (status.state == TaskState::submitted || task_.ended()) return;
    bool const asks = is_interrupted(status.state);
    if (asks || is_terminal(status.state)) task_.has_ended();
    progress_.status(status.state, asks ? remembering(status.message, task_.id()) : status.message);
  }

  a2a::Progress& progress_;
  RemoteTask& task_;
  Opening opening_;
};

io::Task<Result<void>> follow_stream(a2a::Remote& remote, a2a::Ask ask, a2a::Work const& work,
                                     Relay& relay) {
  ask.kind = a2a::Kind::stream;
  AW_CO_TRY(auto const stream,
            co_await remote.open(std::move(ask), work.traceparent,
                                 {.first = work.deadline, .end = work.deadline}));
  while (true) {
    AW_CO_TRY(auto const event, co_await stream->next(work.deadline));
    if (!event) co_return Result<void>{};
    std::visit(std::ref(relay), *event);
  }
}

// Also when a stream ended before its task did.
io::Task<Result<void>> poll(a2a::Remote& remote, a2a::Work const& work, RemoteTask& task,
                            Relay& relay) {
  constexpr auto kLookAgain = std::chrono::milliseconds(500);
  while (!task.ended()) {
    co_await io::sleep_until(std::min(work.deadline, steady_now() + kLookAgain));
    AW_CO_TRY(auto const answer, co_await remote.ask({.kind = a2a::Kind::get, .task_id = task.id()},
                                                     work.traceparent, work.deadline));
    AW_CO_TRY(auto const seen, a2a::read_task_value(answer.value, remote.interface().dialect));
    if (is_terminal(seen->status.state) || is_interrupted(seen->status.state)) relay(seen);
  }
  co_return Result<void>{};
}

io::Task<Result<void>> send_whole(a2a::Remote& remote, a2a::Ask ask, a2a::Work const& work,
                                  Relay& relay) {
  AW_CO_TRY(auto const answer,
            co_await remote.ask(std::move(ask), work.traceparent, work.deadline));
  AW_CO_TRY(auto const event, a2a::read_event_value(answer.value, remote.interface().dialect));
  std::visit(std::ref(relay), event);
  co_return Result<void>{};
}

}  // namespace

Result<std::unique_ptr<A2aUpstream>> A2aUpstream::make(backend::Config const& config,
                                                       http::Client& client, Clock const& clock) {
  AW_TRY(auto url, http::parse_url(config.url));
  std::optional<http::Security> security;
  if (url.endpoint.scheme == http::Scheme::https) {
    AW_TRY(security, http::web_security());
  } else if (!a2a::is_this_machine(url.endpoint)) {
    return make_error(Code::config_conflict,
                      "backend " + config.url + " would be called without encryption",
                      "use a loopback address, a unix socket, or https");
  }
  auto base = url.target.substr(0, url.target.find("/.well-known/"));
  while (base.ends_with('/')) base.pop_back();
  a2a::Line line{.transport = client,
                 .clock = clock,
                 .endpoint = std::move(url.endpoint),
                 .base = std::move(base),
                 .security = std::move(security)};
  return std::unique_ptr<A2aUpstream>(new A2aUpstream(std::move(line), wish_of(config.binding)));
}

a2a::Line A2aUpstream::line_for(a2a::Work const& work) const {
  auto line = line_;
  line.headers.set("x-agentweave-caller", work.caller);
  line.headers.set("x-agentweave-decision-id", work.decision_id);
  if (!work.xfcc.empty()) line.headers.set("x-forwarded-client-cert", work.xfcc);
  return line;
}

void A2aUpstream::forget() {
  std::lock_guard const lock(mutex_);
  known_.reset();
}

io::Task<Result<A2aUpstream::Known>> A2aUpstream::known(SteadyTime deadline) {
  constexpr auto kOldest = std::chrono::minutes(5);
  {
    std::lock_guard const lock(mutex_);
    if (known_ && line_.clock.steady() - known_->fetched < kOldest) co_return *known_;
  }
  AW_CO_TRY(auto const fetched, co_await a2a::fetch_card(line_, deadline));
  AW_CO_TRY(auto one, a2a::choose_interface(fetched.card, wish_));
  Known made{.interface = std::move(one),
             .streams = fetched.card.streams,
             .fetched = line_.clock.steady()};
  std::lock_guard const lock(mutex_);
  known_ = made;
  co_return made;
}

io::Task<Result<void>> A2aUpstream::run(a2a::Work work, a2a::Progress& progress) {
  auto const known_there = co_await known(work.deadline);
  if (!known_there.ok()) co_return as_upstream_error(known_there.error());
  a2a::Remote remote(line_for(work), known_there->interface);
  RemoteTask task(co_await boost::asio::this_coro::executor, remote, line_.clock);
  auto const resumed = upstream_task(work);
  Relay relay(progress, task, resumed.empty() ? Opening::fresh : Opening::resumed);
  a2a::Ask ask{.kind = a2a::Kind::send, .message = outgoing(work, resumed)};
  auto said = known_there->streams == a2a::Streams::yes
                  ? co_await follow_stream(remote, std::move(ask), work, relay)
                  : co_await send_whole(remote, std::move(ask), work, relay);
  if (said.ok() && !task.ended() && !task.id().empty())
    said = co_await poll(remote, work, task, relay);
  if (said.ok() && task.ended()) co_return Result<void>{};
  forget();  // it may be another server by now
  if (said.ok())
    co_return make_error(Code::backend_answer_malformed, "a2a backend: it said nothing");
  co_return as_upstream_error(said.error());
}

}  // namespace aw::server
