// SPDX-License-Identifier: Apache-2.0
#include "commands/card_show.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/card_text.h"
#include "commands/support/command.h"
#include "commands/support/table.h"
#include "core/base/text.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

struct Seen {
  a2a::Reply card;
  std::map<std::string, std::string> policy;  // skill -> "allowed", "denied", …
};

io::Task<Result<Seen>> look(AgentSession& session, SteadyTime deadline) {
  Seen seen;
  AW_CO_TRY(seen.card, co_await session.client().card(session.peer(), deadline));
  AW_CO_TRY(check_reply(seen.card));
  AW_CO_TRY(auto const parsed, json::parse(seen.card.body));
  AW_CO_TRY(auto const card, read_card(parsed));
  constexpr std::size_t kMostAsked = 32;  // a card may list thousands
  for (auto const& skill : card.skills) {
    if (seen.policy.size() == kMostAsked) break;
    auto const reply = co_await session.client().authorize(session.peer(), skill.id, deadline);
    if (!reply.ok()) break;
    auto const checked = check_reply(*reply);
    seen.policy[skill.id] = checked.ok()                                      ? "allowed"
                            : exit_code(checked.error().code) == Exit::denied ? "denied"
                                                                              : "unknown";
  }
  co_return seen;
}

void write_card(std::ostream& out, CardText const& card, Seen const& seen,
                identity::SpiffeId const& id) {
  out << text::printable(card.name) << "  " << text::printable(card.version) << "  " << id.text()
      << '\n'
      << text::printable(card.description) << "\n\n";
  std::vector<std::vector<std::string>> rows;
  for (auto const& skill : card.skills) {
    auto const policy = seen.policy.find(skill.id);
    rows.push_back({skill.id, skill.input_modes, skill.output_modes,
                    policy == seen.policy.end() ? "unknown" : policy->second, skill.description});
  }
  write_table(out, {"SKILL", "IN", "OUT", "POLICY (for you)", "DESCRIPTION"}, rows);
  out << '\n';
  for (auto const& line : card.interfaces) out << text::printable(line) << '\n';
}

}  // namespace

Result<void> run_card_show(CardShowOptions const& options, Context& context) {
  AW_TRY(auto const session, AgentSession::open(options.agent, context));
  auto const deadline = context.clock.steady() + options.agent.timeout;
  AW_TRY(auto const seen, io::run_blocking(look(*session, deadline)));
  AW_TRY(auto parsed, json::parse(seen.card.body));
  AW_TRY(auto const card, read_card(parsed));
  auto const& id = session->peer().id;
  if (!card.spiffe_id.empty() && card.spiffe_id != id.text()) {
    return make_error(Code::peer_mismatch, "the card says " + text::printable(card.spiffe_id) +
                                               ", but the peer is " + id.text());
  }
  json::Json const data = {
      {"spiffe_id", id.text()}, {"card", std::move(parsed)}, {"policy", seen.policy}};
  context.print("AgentCard", data, [&](std::ostream& out) { write_card(out, card, seen, id); });
  return {};
}

void register_card_show(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CardShowOptions>();
  auto& group = add_group(parent, "card", "Agent cards: what an agent says it can do");
  auto& command = add_command(
      group, {.name = "show",
              .purpose = "Fetch an agent's card over mutual TLS, and what policy lets you do",
              .examples = {"agentweave card show hello --as client",
                           "agentweave card show spiffe://corp.example/agent/search -o json"}});
  add_agent_options(command, options->agent);
  on_run(command, context, [options, &context] { return run_card_show(*options, context); });
}

}  // namespace aw::commands
