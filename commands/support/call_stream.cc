// SPDX-License-Identifier: Apache-2.0
#include "commands/support/call_stream.h"

#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/decision_text.h"
#include "commands/support/dev_notes.h"
#include "commands/support/task_text.h"
#include "core/base/text.h"
#include "core/http/sse.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

// Text mode: what is new in an event. The last one prints the result alone, as `call` does.
Result<void> print_event(http::SseEvent const& event, Context& context) {
  if (context.machine_readable()) {
    context.out << event.data << '\n' << std::flush;
    return {};
  }
  if (event.event == "error") return make_error(Code::backend_failed, text::printable(event.data));
  auto const task = read_task(event.data);
  if (!task.ok()) {  // an artifact, or a message: as it came
    context.out << event.data << '\n' << std::flush;
    return {};
  }
  if (event.event == "task_complete") {
    AW_TRY(check_task(*task));
    context.out << task->product << '\n' << std::flush;
    return {};
  }
  json::Json line = {{"state", task->state}};
  if (!task->message.empty()) line["message"] = task->message;
  context.out << line.dump(-1, ' ', false, json::Json::error_handler_t::replace) << '\n'
              << std::flush;
  return {};
}

// An agent that does not stream answers with the whole task at once.
Result<void> print_whole(std::string const& body, Context& context) {
  return print_event({.data = body, .event = "task_complete"}, context);
}

io::Task<Result<void>> read_events(http::ResponseStream& events, std::chrono::nanoseconds patience,
                                   Context& context) {
  http::SseParser parser;
  while (true) {
    AW_CO_TRY(auto const piece, co_await events.read(context.clock.steady() + patience));
    if (piece.empty()) co_return Result<void>{};
    AW_CO_TRY(parser.feed(piece));
    while (auto const event = parser.next()) AW_CO_TRY(print_event(*event, context));
  }
}

io::Task<Result<void>> read_document(http::ResponseStream& events,
                                     std::chrono::nanoseconds patience, Context& context) {
  constexpr std::size_t kMost = std::size_t{16} << 20;
  std::string body;
  while (true) {
    AW_CO_TRY(auto const piece, co_await events.read(context.clock.steady() + patience));
    if (piece.empty()) co_return print_whole(body, context);
    if (body.size() + piece.size() > kMost) {
      co_return make_error(Code::too_large, "the agent's answer passes 16 MiB");
    }
    body += piece;
  }
}

io::Task<Result<a2a::DecisionNotes>> follow(AgentSession& session, a2a::Invocation what,
                                            std::chrono::nanoseconds patience, Context& context) {
  auto const deadline = context.clock.steady() + patience;
  AW_CO_TRY(auto const stream,
            co_await session.client().stream(session.peer(), std::move(what), deadline));
  auto const result = stream.is_stream ? co_await read_events(*stream.events, patience, context)
                                       : co_await read_document(*stream.events, patience, context);
  AW_CO_TRY(result);
  co_return stream.decision;
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

}  // namespace

Result<Exit> stream_call(AgentSession& session, a2a::Invocation what,
                         std::chrono::nanoseconds patience, Context& context) {
  auto const action = what.action;
  auto const began = context.clock.steady();
  auto done = io::run_blocking(follow(session, std::move(what), patience, context));
  if (done.ok()) {
    complete_notes(session, action, context, *done);
    say_allowed(context, *done, context.clock.steady() - began);
    return Exit::ok;
  }
  if (exit_code(done.error().code) != Exit::denied) return std::move(done).error();
  auto notes = notes_of(done.error());
  complete_notes(session, action, context, notes);
  return say_denied(
      context, std::move(done).error(),
      {.caller = session.self().text(), .target = session.peer().id.text(), .action = action},
      notes);
}

}  // namespace aw::commands
