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
#include "core/io/task.h"

namespace aw::commands {
namespace {

struct Answer {
  a2a::Reply reply;
  TaskText task;
};

// Sends, and asks again while the task goes on, until the deadline. Parameters by value: the
// coroutine outlives nobody.
io::Task<Result<Answer>> call_and_wait(AgentSession& session, a2a::Invocation what,
                                       SteadyTime deadline) {
  constexpr auto kLookAgain = std::chrono::milliseconds(200);
  Answer answer;
  AW_CO_TRY(answer.reply,
            co_await session.client().send(session.peer(), std::move(what), deadline));
  if (!check_reply(answer.reply).ok()) co_return answer;
  AW_CO_TRY(answer.task, read_task(answer.reply.body));
  while (answer.task.going_on()) {
    auto const next = std::chrono::steady_clock::now() + kLookAgain;
    if (next >= deadline) {
      co_return make_error(Code::timeout,
                           "task " + answer.task.id + " is still " + answer.task.state,
                           "it goes on; raise --timeout to wait for it");
    }
    co_await io::sleep_until(next);
    AW_CO_TRY(auto const seen,
              co_await session.client().task(session.peer(), answer.task.id, deadline));
    AW_CO_TRY(check_reply(seen));
    AW_CO_TRY(answer.task, read_task(seen.body));
  }
  co_return answer;
}

bool is_denial(Error const& error) { return exit_code(error.code) == Exit::denied; }

Result<Exit> report(AgentSession const& session, std::string const& action, Answer const& answer,
                    std::chrono::nanoseconds took, Context& context) {
  auto decision = answer.reply.decision;
  complete_notes(session, action, context, decision);
  if (auto checked = check_reply(answer.reply); !checked.ok()) {
    if (!is_denial(checked.error())) return std::move(checked).error();
    return say_denied(
        context, std::move(checked).error(),
        {.caller = session.self().text(), .target = session.peer().id.text(), .action = action},
        decision);
  }
  AW_TRY(check_task(answer.task));
  AW_TRY(auto task, json::parse(answer.task.whole, {.bytes = std::size_t{16} << 20}));
  json::Json const data = {
      {"task", std::move(task)},
      {"decision", decision_json(decision)},
      {"duration_ms", std::chrono::duration<double, std::milli>(took).count()}};
  context.print("CallResult", data, [&](std::ostream& out) { out << answer.task.product << '\n'; });
  say_allowed(context, decision, took);
  return Exit::ok;
}

}  // namespace

Result<Exit> run_call(CallOptions const& options, Context& context) {
  AW_TRY(auto payload, read_payload(options.payload, context));
  AW_TRY(auto const session, AgentSession::open(options.agent, context));
  context.detail("calling  " + session->peer().id.text() + " at " +
                 session->peer().endpoint.text() + " as " + session->self().text());
  a2a::Invocation what{.action = options.action, .payload = std::move(payload)};
  auto const began = context.clock.steady();
  auto const deadline = began + options.agent.timeout;
  if (options.mode == CallOptions::Mode::stream) {
    return stream_call(*session, std::move(what), options.agent.timeout, context);
  }
  AW_TRY(auto const answer, io::run_blocking(call_and_wait(*session, std::move(what), deadline)));
  auto const took = context.clock.steady() - began;
  return report(*session, options.action, answer, took, context);
}

void register_call(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CallOptions>();
  auto& command = add_command(
      parent,
      {.name = "call",
       .purpose = "Ask an agent to do something, and print its answer",
       .examples = {"agentweave call hello greet '{\"name\":\"Ada\"}' --as client",
                    "agentweave call spiffe://corp.example/agent/search query @query.json --stream",
                    "agentweave call hello greet - < request.json"},
       .details =
           "The connection is mutual TLS; the agent must prove exactly the SPIFFE ID asked for.\n"
           "It is found by --address, else by the configuration's peers, else by "
           "transport.discovery.template;\nagents of `agentweave dev` on this machine are found "
           "by themselves. Exit 3 when denied.\n"});
  add_agent_options(command, options->agent);
  command.add_option("ACTION", options->action, "The capability")->required();
  command.add_option("PAYLOAD", options->payload, "JSON; - reads stdin, @FILE a file");
  command.add_flag_callback(
      "--stream", [options] { options->mode = CallOptions::Mode::stream; },
      "Print events as they come");
  on_answer(command, context, [options, &context] { return run_call(*options, context); });
}

}  // namespace aw::commands
