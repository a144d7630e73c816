// SPDX-License-Identifier: Apache-2.0
#include "commands/card_show.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/card_trust.h"
#include "commands/support/command.h"
#include "commands/support/table.h"
#include "core/base/text.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

struct Seen {
  a2a::FetchedCard fetched;
  std::map<std::string, std::string> policy;  // skill -> "allowed", "denied", …
};

// Asks the agent itself; servers that are none of ours have no such question.
io::Task<void> ask_policy(AgentSession& session, Seen& seen, SteadyTime deadline) {
  constexpr std::size_t kMostAsked = 32;  // a card may list thousands
  for (auto const& skill : seen.fetched.card.skills) {
    if (seen.policy.size() == kMostAsked) break;
    auto const reply = co_await session.client().authorize(session.peer(), skill.id, deadline);
    if (!reply.ok()) break;
    auto const checked = check_reply(*reply);
    seen.policy[skill.id] = checked.ok()                                      ? "allowed"
                            : exit_code(checked.error().code) == Exit::denied ? "denied"
                                                                              : "unknown";
  }
}

io::Task<Result<Seen>> look(ServerSession& session, SteadyTime deadline) {
  Seen seen;
  AW_CO_TRY(seen.fetched, co_await session.card(deadline));
  if (session.agent() != nullptr) co_await ask_policy(*session.agent(), seen, deadline);
  co_return seen;
}

void write_card(std::ostream& out, Seen const& seen, std::string const& peer,
                std::string const& signature) {
  auto const& card = seen.fetched.card;
  out << text::printable(card.name) << "  " << text::printable(card.version) << "  " << peer << "  "
      << signature << '\n'
      << text::printable(card.description) << "\n\n";
  std::vector<std::vector<std::string>> rows;
  for (auto const& skill : card.skills) {
    auto const policy = seen.policy.find(skill.id);
    rows.push_back({skill.id, text::join(skill.input_modes, ","),
                    text::join(skill.output_modes, ","),
                    policy == seen.policy.end() ? "unknown" : policy->second, skill.description});
  }
  write_table(out, {"SKILL", "IN", "OUT", "POLICY (for you)", "DESCRIPTION"}, rows);
  out << '\n';
  for (auto const& one : card.interfaces) out << text::printable(a2a::interface_text(one)) << '\n';
}

}  // namespace

Result<void> run_card_show(CardShowOptions const& options, Context& context) {
  AW_TRY(auto const session, ServerSession::open(options.server, context));
  auto const deadline = context.clock.steady() + options.server.agent.timeout;
  AW_TRY(auto const seen, io::run_blocking(look(*session, deadline)));
  AW_TRY(auto parsed, json::parse(seen.fetched.json));
  auto const signature = signature_text(judge_card(seen.fetched, *session, context));
  json::Json data = {
      {"card", std::move(parsed)}, {"policy", seen.policy}, {"signature", signature}};
  if (session->agent() != nullptr) data["spiffe_id"] = session->peer();
  context.print("AgentCard", data,
                [&](std::ostream& out) { write_card(out, seen, session->peer(), signature); });
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
  add_server_options(command, options->server);
  on_run(command, context, [options, &context] { return run_card_show(*options, context); });
}

}  // namespace aw::commands
