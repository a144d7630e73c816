// SPDX-License-Identifier: Apache-2.0
#include "commands/call.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/call_stream.h"
#include "commands/support/command.h"
#include "commands/support/decision_text.h"
#include "commands/support/dev_notes.h"
#include "commands/support/payload.h"
#include "commands/support/task_text.h"
#include "core/base/random.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

struct Answer {
  a2a::RemoteEvent event;
  a2a::DecisionNotes decision;
  std::string interface;
};

// A JSON text goes out as text, anything else as data; the skill is named where our agents, and
// those who read the same metadata, look for it.
a2a::MessagePtr message_of(CallOptions const& options, std::string payload) {
  a2a::Message out;
  out.id = random_uuid();
  out.task_id = options.task;
  out.context_id = options.context;
  auto const parsed = json::parse(payload);
  out.parts.push_back(parsed.ok() && parsed->is_string()
                          ? a2a::text_part(parsed->get<std::string>())
                          : a2a::data_part(std::move(payload)));
  json::Writer(out.metadata).begin_object().member("skill", options.action).end_object();
  return std::make_shared<const a2a::Message>(std::move(out));
}

io::Task<Result<a2a::TaskPtr>> look_again(a2a::Remote& remote, std::string id,
                                          SteadyTime deadline) {
  AW_CO_TRY(auto const answer,
            co_await remote.ask({.kind = a2a::Kind::get, .task_id = std::move(id)}, {}, deadline));
  co_return a2a::read_task_value(answer.value, remote.interface().dialect);
}

// Sends, and asks again while the task goes on, until the deadline. Parameters by value: the
// coroutine outlives nobody.
io::Task<Result<Answer>> call_and_wait(ServerSession& session, a2a::Ask ask, SteadyTime deadline) {
  constexpr auto kLookAgain = std::chrono::milliseconds(200);
  AW_CO_TRY(auto remote, co_await session.remote(deadline));
  AW_CO_TRY(auto const sent, co_await remote.ask(std::move(ask), {}, deadline));
  AW_CO_TRY(auto event, a2a::read_event_value(sent.value, remote.interface().dialect));
  Answer answer{.event = std::move(event),
                .decision = sent.decision,
                .interface = a2a::interface_text(remote.interface())};
  auto* const task = std::get_if<a2a::TaskPtr>(&answer.event);
  while (task != nullptr && going_on(**task)) {
    auto const next = std::chrono::steady_clock::now() + kLookAgain;
    if (next >= deadline) {
      co_return make_error(
          Code::timeout,
          "task " + (*task)->id + " is still " +
              std::string(a2a::state_name_v03((*task)->status.state)),
          "it goes on; raise --timeout to wait for it, or `agentweave task watch`");
    }
    co_await io::sleep_until(next);
    AW_CO_TRY(*task, co_await look_again(remote, (*task)->id, deadline));
  }
  co_return answer;
}

io::Task<Result<Followed>> call_and_follow(ServerSession& session, a2a::Ask ask,
                                           std::chrono::nanoseconds patience, Context& context) {
  AW_CO_TRY(auto remote, co_await session.remote(context.clock.steady() + patience));
  co_return co_await follow_events(std::move(remote), std::move(ask), patience, context);
}

// A refusal's decision id stands in the error's context.
a2a::DecisionNotes notes_of(Error const& error) {
  a2a::DecisionNotes out;
  for (auto const& [key, value] : error.context) {
    if (key == "decision_id") out.id = value;
    if (key == "decision_hint") out.hint = value;
  }
  return out;
}

Result<Exit> failed(ServerSession& session, std::string const& action, Error error,
                    Context& context) {
  if (exit_code(error.code) != Exit::denied) return error;
  auto notes = notes_of(error);
  if (session.agent() != nullptr) complete_notes(*session.agent(), action, context, notes);
  return say_denied(context, std::move(error),
                    {.caller = session.self(), .target = session.peer(), .action = action}, notes);
}

void say_done(ServerSession& session, std::string const& action, a2a::DecisionNotes decision,
              std::chrono::nanoseconds took, Context& context) {
  if (session.agent() != nullptr) complete_notes(*session.agent(), action, context, decision);
  say_allowed(context, decision, took);
}

// The agent asks back: its question is the product, how to answer is talk.
void say_question(a2a::Task const& task, Context& context) {
  if (!is_interrupted(task.status.state)) return;
  context.say("next:    the agent asks back; answer with the same command and --task " + task.id);
}

json::Json data_of(Answer const& answer, a2a::DecisionNotes const& decision,
                   std::chrono::nanoseconds took) {
  auto data = json::Json::parse(a2a::event_json(answer.event), nullptr, false);
  data["interface"] = answer.interface;
  data["decision"] = decision_json(decision);
  data["duration_ms"] = std::chrono::duration<double, std::milli>(took).count();
  return data;
}

Result<Exit> report(ServerSession& session, std::string const& action, Answer const& answer,
                    std::chrono::nanoseconds took, Context& context) {
  auto const* task = std::get_if<a2a::TaskPtr>(&answer.event);
  if (task != nullptr) AW_TRY(check_task(**task));
  auto const* message = std::get_if<a2a::MessagePtr>(&answer.event);
  auto decision = answer.decision;
  if (session.agent() != nullptr) complete_notes(*session.agent(), action, context, decision);
  context.print("CallResult", data_of(answer, decision, took), [&](std::ostream& out) {
    if (message != nullptr) out << product_of(**message) << '\n';
    if (task == nullptr) return;
    bool const asks = is_interrupted((*task)->status.state);
    out << (asks ? words_of((*task)->status.message) : product_of(**task)) << '\n';
  });
  say_allowed(context, decision, took);
  if (task != nullptr) say_question(**task, context);
  return Exit::ok;
}

Result<Exit> run_stream(CallOptions const& options, ServerSession& session, a2a::Ask ask,
                        Context& context) {
  auto const began = context.clock.steady();
  ask.kind = a2a::Kind::stream;
  auto const done = io::run_blocking(
      call_and_follow(session, std::move(ask), options.server.agent.timeout, context));
  if (!done.ok()) return failed(session, options.action, done.error(), context);
  say_done(session, options.action, done->decision, context.clock.steady() - began, context);
  if (done->task) say_question(*done->task, context);
  return Exit::ok;
}

}  // namespace

Result<Exit> run_call(CallOptions const& options, Context& context) {
  AW_TRY(auto payload, read_payload(options.payload, context));
  AW_TRY(auto const session, ServerSession::open(options.server, context));
  context.detail("calling  " + session->peer() + " as " + session->self());
  a2a::Ask ask{.kind = a2a::Kind::send, .message = message_of(options, std::move(payload))};
  if (options.mode == CallOptions::Mode::stream)
    return run_stream(options, *session, std::move(ask), context);
  auto const began = context.clock.steady();
  auto const deadline = began + options.server.agent.timeout;
  auto const answer = io::run_blocking(call_and_wait(*session, std::move(ask), deadline));
  if (!answer.ok()) return failed(*session, options.action, answer.error(), context);
  return report(*session, options.action, *answer, context.clock.steady() - began, context);
}

void register_call(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CallOptions>();
  auto& command = add_command(
      parent,
      {.name = "call",
       .purpose = "Ask an agent to do something, and print its answer",
       .examples = {"agentweave call hello greet '{\"name\":\"Ada\"}' --as client",
                    "agentweave call spiffe://corp.example/agent/search query @query.json --stream",
                    "agentweave call hello greet - < request.json",
                    "agentweave call https://agent.example chat '\"hi\"' --web-pki",
                    "agentweave call hello greet '{\"name\":\"Ada\"}' --binding grpc"},
       .details =
           "Speaks A2A with any server, in JSON-RPC, HTTP+JSON or gRPC: binding and version follow "
           "from its card.\n"
           "The connection is mutual TLS; the agent must prove exactly the SPIFFE ID asked for.\n"
           "It is found by --address, else by the configuration's peers, else by "
           "transport.discovery.template;\nagents of `agentweave dev` on this machine are found "
           "by themselves. Exit 3 when denied.\n"
           "A URL instead of an agent's name: https with --web-pki, or a server on this "
           "machine.\n"});
  add_server_options(command, options->server);
  command.add_option("ACTION", options->action, "The capability")->required();
  command.add_option("PAYLOAD", options->payload, "JSON; - reads stdin, @FILE a file");
  command.add_option("--task", options->task, "Go on with this task")->type_name("ID");
  command.add_option("--context", options->context, "Part of this conversation")->type_name("ID");
  command.add_flag_callback(
      "--stream", [options] { options->mode = CallOptions::Mode::stream; },
      "Print events as they come");
  on_answer(command, context, [options, &context] { return run_call(*options, context); });
}

}  // namespace aw::commands
