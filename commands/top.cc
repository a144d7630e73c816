// SPDX-License-Identifier: Apache-2.0
#include "commands/top.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/options.h"
#include "commands/support/top_view.h"
#include "commands/support/wait.h"

namespace aw::commands {
namespace {

using Looks = std::map<std::string, TopLook>;  // by admin address

Result<TopLook> look_at(std::string const& admin, TopOptions const& options,
                        Context const& context) {
  TopLook out;
  AW_TRY(out.decisions, fetch_decisions(admin, options.admin.timeout));
  AW_TRY(auto const answer, admin_get(admin, "/metrics", options.admin.timeout));
  AW_TRY(out.metrics, parse_exposition(answer.body));
  out.time = context.clock.now();
  return out;
}

// An agent that was killed is left out while others answer.
Result<Looks> look_at_all(TopOptions const& options, Context const& context) {
  AW_TRY(auto const addresses, admin_addresses(options.admin, context));
  Looks out;
  for (auto const& admin : addresses) {
    auto look = look_at(admin, options, context);
    if (!look.ok() && addresses.size() == 1) return look.error();
    if (look.ok()) out.emplace(admin, *std::move(look));
  }
  if (out.empty()) return make_error(Code::connect, "no agent answers", "agentweave doctor");
  return out;
}

void show(Looks const& now, Looks const& before, TopOptions const& options, Context& context) {
  std::vector<TopView> views;
  json::Json data = json::Json::array();
  for (auto const& [admin, look] : now) {
    auto const old = before.find(admin);
    views.push_back(top_view(look, old == before.end() ? nullptr : &old->second, options.window));
    views.back().agent = admin_host(admin);
    data.push_back(top_json(views.back()));
  }
  context.print("Top", data, [&](std::ostream& out) {
    for (auto const& view : views) write_top(out, view, context);
  });
}

}  // namespace

Result<Exit> run_top(TopOptions const& options, Context& context) {
  AW_TRY(auto now, look_at_all(options, context));
  show(now, {}, options, context);
  if (options.mode == TopOptions::Mode::once) return Exit::ok;
  auto const stop = context.interrupt();
  // Goes on over failures: an agent that restarts is what one watches for.
  while (context.out.good() && wait_for(stop, options.interval) == Waited::whole) {
    auto next = look_at_all(options, context);
    context.clear_screen();
    if (!next.ok()) {
      context.say(next.error().text());
      continue;
    }
    show(*next, now, options, context);
    context.out.flush();
    now = *std::move(next);
  }
  return stop.stop_requested() ? Exit::interrupted : Exit::ok;
}

void register_top(CLI::App& parent, Context& context) {
  auto options = std::make_shared<TopOptions>();
  auto& command = add_command(
      parent,
      {.name = "top",
       .purpose = "Who calls an agent, how often, and with what luck, live",
       .examples = {"agentweave top", "agentweave top --once --config config.yaml",
                    "agentweave top --once -o json"},
       .details = "From the agent's admin port: its metrics, and the last decisions it remembers "
                  "(a thousand at the most).\nDENY is policy and the gates; CLOSED is what was "
                  "denied because nobody could decide.\nPOLICY P99 is of the decision, the p99 of "
                  "the first line of whole requests: the bound of its histogram's bucket.\n"});
  add_admin_options(command, options->admin);
  command.add_flag_callback(
      "--once", [options] { options->mode = TopOptions::Mode::once; }, "Show it once and end");
  add_duration(command, "-i,--interval", options->interval, "Between two looks");
  add_duration(command, "--window", options->window, "How far back calls count");
  on_answer(command, context, [options, &context] { return run_top(*options, context); });
}

}  // namespace aw::commands
