// SPDX-License-Identifier: Apache-2.0
#include "commands/map.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/json_member.h"

namespace aw::commands {

Result<void> run_map(MapOptions const& options, Context& context) {
  AW_TRY(auto const admin, admin_address(options.admin, context));
  AW_TRY(auto const answer, web_post(admin_url(admin, "/map/ticket"), "{}", options.admin.timeout));
  if (answer.status != 200)
    return make_error(Code::check_failed, "the admin port answers " + std::to_string(answer.status),
                      "use the address the agent printed when it started");
  AW_TRY(auto const ticket, json::parse(answer.body));
  auto const path = text_at(ticket, "path");
  if (!path.starts_with("/map?"))
    return make_error(Code::protocol, "the admin port's answer is no ticket");
  auto const url = "http://" + admin_host(admin) + path;
  auto const seconds = member(ticket, "expires_in_seconds");
  context.print("Map", {{"url", url}, {"expires_in_seconds", seconds}},
                [&](std::ostream& out) { out << url << '\n'; });
  context.say("good once, within a minute: open it in a browser on this machine");
  return {};
}

void register_map(CLI::App& parent, Context& context) {
  auto options = std::make_shared<MapOptions>();
  auto& command = add_command(
      parent,
      {.name = "map",
       .purpose = "Print the address of an agent's trust map: who calls whom, live in a browser",
       .examples = {"agentweave map", "agentweave map --config config.yaml"},
       .details = "The page is served by the agent's admin port and shows the last fifteen "
                  "minutes: agents by trust domain,\nthe life left in their SVIDs, calls that "
                  "were allowed, denied, replayed or refused at TLS, and behind each\nits "
                  "decisions with policy and input. The address lets one browser in, once, within "
                  "a minute.\nIn the terminal: `agentweave top`, `agentweave audit graph`.\n"});
  add_admin_options(command, options->admin);
  on_run(command, context, [options, &context] { return run_map(*options, context); });
}

}  // namespace aw::commands
