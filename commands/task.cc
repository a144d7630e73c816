// SPDX-License-Identifier: Apache-2.0
#include "commands/task.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/call_stream.h"
#include "commands/support/command.h"
#include "commands/support/table.h"
#include "commands/support/task_text.h"
#include "core/base/text.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

using Tasks = std::vector<a2a::TaskPtr>;

io::Task<Result<a2a::TaskPtr>> ask_for_task(ServerSession& session, a2a::Ask ask,
                                            SteadyTime deadline) {
  AW_CO_TRY(auto remote, co_await session.remote(deadline));
  AW_CO_TRY(auto const answer, co_await remote.ask(std::move(ask), {}, deadline));
  co_return a2a::read_task_value(answer.value, remote.interface().dialect);
}

io::Task<Result<Tasks>> ask_for_list(ServerSession& session, a2a::Ask ask, std::size_t limit,
                                     SteadyTime deadline) {
  constexpr std::size_t kMostInPage = 100;  // A2A's own bound
  AW_CO_TRY(auto remote, co_await session.remote(deadline));
  Tasks out;
  while (out.size() < limit) {
    ask.list.page_size = std::min(kMostInPage, limit - out.size());
    AW_CO_TRY(auto const answer, co_await remote.ask(ask, {}, deadline));
    AW_CO_TRY(auto page, a2a::read_page_value(answer.value, remote.interface().dialect));
    for (auto& task : page.tasks)
      if (out.size() < limit) out.push_back(std::move(task));
    // A server that hands out the same token for ever is not followed for ever.
    if (page.next_token.empty() || page.tasks.empty()) break;
    ask.list.page_token = std::move(page.next_token);
  }
  co_return out;
}

io::Task<Result<Followed>> watch(ServerSession& session, a2a::Ask ask,
                                 std::chrono::nanoseconds patience, Context& context) {
  AW_CO_TRY(auto remote, co_await session.remote(context.clock.steady() + patience));
  co_return co_await follow_events(std::move(remote), std::move(ask), patience, context);
}

json::Json tree_of(a2a::Task const& task) {
  return json::Json::parse(a2a::task_json(task), nullptr, false);
}

void write_task_text(std::ostream& out, a2a::Task const& task) {
  out << text::printable(task.id) << "  " << a2a::state_name_v03(task.status.state) << "  "
      << format_rfc3339(task.status.timestamp) << '\n';
  if (auto const words = words_of(task.status.message); !words.empty()) out << words << '\n';
  if (!task.artifacts.empty()) out << product_of(task) << '\n';
}

Result<void> print_task(ServerOptions const& server, a2a::Ask ask, Context& context) {
  AW_TRY(auto const session, ServerSession::open(server, context));
  auto const deadline = context.clock.steady() + server.agent.timeout;
  AW_TRY(auto const task, io::run_blocking(ask_for_task(*session, std::move(ask), deadline)));
  context.print("Task", tree_of(*task), [&](std::ostream& out) { write_task_text(out, *task); });
  return {};
}

void write_tasks(std::ostream& out, Tasks const& tasks) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& task : tasks)
    rows.push_back({task->id, std::string(a2a::state_name_v03(task->status.state)),
                    format_rfc3339(task->status.timestamp), task->context_id});
  write_table(out, {"TASK", "STATE", "CHANGED", "CONTEXT"}, rows);
}

CLI::App& add_task_command(CLI::App& group, CommandText const& text, TaskOptions& options) {
  auto& command = add_command(group, text);
  add_server_options(command, options.server);
  command.add_option("ID", options.id, "The task")->required();
  return command;
}

void register_list(CLI::App& group, Context& context) {
  auto options = std::make_shared<TaskListOptions>();
  auto& command =
      add_command(group, {.name = "list",
                          .purpose = "List the tasks you have with an agent, newest change first",
                          .examples = {"agentweave task list hello --as client",
                                       "agentweave task list hello --state working -o json"},
                          .details = "Policy is asked about the action list_tasks: who may ask for "
                                     "work may see each\nof its tasks, but lists them only where "
                                     "a rule allows that."});
  add_server_options(command, options->server);
  command.add_option("--context", options->context, "Of this conversation")->type_name("ID");
  command.add_option("--state", options->state, "In this state")->type_name("STATE");
  command.add_option("--limit", options->limit, "How many at the most")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  on_run(command, context, [options, &context] { return run_task_list(*options, context); });
}

}  // namespace

Result<void> run_task_get(TaskOptions const& options, Context& context) {
  return print_task(options.server, {.kind = a2a::Kind::get, .task_id = options.id}, context);
}

Result<void> run_task_cancel(TaskOptions const& options, Context& context) {
  return print_task(options.server, {.kind = a2a::Kind::cancel, .task_id = options.id}, context);
}

Result<void> run_task_list(TaskListOptions const& options, Context& context) {
  a2a::Ask ask{.kind = a2a::Kind::list};
  ask.list.context_id = options.context;
  if (!options.state.empty()) {
    ask.list.state = a2a::parse_state(options.state);
    if (!ask.list.state)
      return make_error(Code::usage, "there is no state \"" + options.state + '"',
                        "submitted, working, input-required, auth-required, completed, failed, "
                        "canceled or rejected");
  }
  AW_TRY(auto const session, ServerSession::open(options.server, context));
  auto const deadline = context.clock.steady() + options.server.agent.timeout;
  AW_TRY(auto const tasks,
         io::run_blocking(ask_for_list(*session, std::move(ask), options.limit, deadline)));
  auto data = json::Json::array();
  for (auto const& task : tasks) data.push_back(tree_of(*task));
  context.print("TaskList", data, [&](std::ostream& out) { write_tasks(out, tasks); });
  return {};
}

Result<void> run_task_watch(TaskOptions const& options, Context& context) {
  AW_TRY(auto const session, ServerSession::open(options.server, context));
  a2a::Ask ask{.kind = a2a::Kind::subscribe, .task_id = options.id};
  auto const done =
      io::run_blocking(watch(*session, std::move(ask), options.server.agent.timeout, context));
  if (done.ok()) return {};
  // A task that has ended has no events: it is shown instead (A2A §subscribe).
  if (done.error().code == Code::unsupported_operation) {
    return print_task(options.server, {.kind = a2a::Kind::get, .task_id = options.id}, context);
  }
  return done.error();
}

void register_task(CLI::App& parent, Context& context) {
  auto& group = add_group(parent, "task", "The tasks you have with an agent");
  auto get = std::make_shared<TaskOptions>();
  on_run(add_task_command(group,
                          {.name = "get",
                           .purpose = "Show one task",
                           .examples = {"agentweave task get hello 01KE2S -o json"}},
                          *get),
         context, [get, &context] { return run_task_get(*get, context); });
  register_list(group, context);
  auto cancel = std::make_shared<TaskOptions>();
  on_run(add_task_command(group,
                          {.name = "cancel",
                           .purpose = "Cancel a task and the work behind it",
                           .examples = {"agentweave task cancel hello 01KE2S"}},
                          *cancel),
         context, [cancel, &context] { return run_task_cancel(*cancel, context); });
  auto watched = std::make_shared<TaskOptions>();
  on_run(add_task_command(group,
                          {.name = "watch",
                           .purpose = "Print a task's events until it has ended",
                           .examples = {"agentweave task watch hello 01KE2S --as client"}},
                          *watched),
         context, [watched, &context] { return run_task_watch(*watched, context); });
}

}  // namespace aw::commands
