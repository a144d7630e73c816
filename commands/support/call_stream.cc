// SPDX-License-Identifier: Apache-2.0
#include "commands/support/call_stream.h"

#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/task_text.h"
#include "core/a2a/codec.h"

namespace aw::commands {
namespace {

void print_state(a2a::TaskStatus const& status, Context& context) {
  json::Json line = {{"state", a2a::state_name_v03(status.state)}};
  if (auto const words = words_of(status.message); !words.empty()) line["message"] = words;
  context.out << line.dump(-1, ' ', false, json::Json::error_handler_t::replace) << '\n'
              << std::flush;
}

void print_artifact(a2a::Artifact const& artifact, Context& context) {
  if (artifact.id == a2a::kResultArtifact) return;  // the last line
  std::string text;
  json::Writer out(text);
  a2a::write_artifact_json(out, artifact);
  context.out << text << '\n' << std::flush;
}

// Text mode: what is new in an event. The end prints the product alone, as `call` does.
void print_event(a2a::RemoteEvent const& event, Context& context) {
  if (context.machine_readable()) {
    context.out << a2a::event_json(event) << '\n' << std::flush;
  } else if (auto const* task = std::get_if<a2a::TaskPtr>(&event)) {
    if (!is_terminal((*task)->status.state)) print_state((*task)->status, context);
  } else if (auto const* update = std::get_if<a2a::RemoteStatus>(&event)) {
    if (!is_terminal(update->status.state)) print_state(update->status, context);
  } else if (auto const* artifact = std::get_if<a2a::RemoteArtifact>(&event)) {
    print_artifact(artifact->artifact, context);
  }
}

Result<void> print_end(a2a::TaskFollower const& follower, Context& context) {
  if (follower.message()) {
    if (!context.machine_readable()) context.out << product_of(*follower.message()) << '\n';
    return {};
  }
  if (!follower.task()) return make_error(Code::protocol, "the agent's stream held no event");
  auto const& task = *follower.task();
  AW_TRY(check_task(task));
  if (going_on(task)) {
    return make_error(Code::protocol, "the stream ended before task " + task.id + " did",
                      "`agentweave task watch` takes it up again");
  }
  if (!context.machine_readable() && is_terminal(task.status.state))
    context.out << product_of(task) << '\n' << std::flush;
  return {};
}

}  // namespace

io::Task<Result<Followed>> follow_events(a2a::Remote remote, a2a::Ask ask,
                                         std::chrono::nanoseconds patience, Context& context) {
  AW_CO_TRY(auto const stream,
            co_await remote.open(std::move(ask), {}, {.first = context.clock.steady() + patience}));
  a2a::TaskFollower follower;
  while (true) {
    AW_CO_TRY(auto const event, co_await stream->next(context.clock.steady() + patience));
    if (!event) break;
    AW_CO_TRY(follower.take(*event));
    print_event(*event, context);
  }
  AW_CO_TRY(print_end(follower, context));
  co_return Followed{.task = follower.task(), .decision = stream->decision()};
}

}  // namespace aw::commands
