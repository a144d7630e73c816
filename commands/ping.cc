// SPDX-License-Identifier: Apache-2.0
#include "commands/ping.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "commands/support/card_trust.h"
#include "commands/support/command.h"
#include "commands/support/decision_text.h"
#include "commands/support/dev_notes.h"
#include "commands/support/options.h"
#include "commands/support/wait.h"
#include "core/base/text.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

using std::chrono::nanoseconds;

struct Round {
  http::CallReport connection;  // of the first request: it paid for the phases
  std::string card;             // "card ok (bound to peer)"
  a2a::DecisionNotes decision;
  std::optional<Error> refused;  // by policy
  nanoseconds answer{};          // of the authorize-only request
};

std::string card_words(a2a::Reply const& reply, AgentSession const& session,
                       Context const& context) {
  if (!check_reply(reply).ok()) return "card missing (status " + std::to_string(reply.status) + ")";
  auto const card = a2a::read_remote_card(reply.body);
  if (!card.ok()) return "card unreadable";
  auto const& id = session.peer().id;
  if (card->spiffe_id.empty()) return "card ok (names no identity)";
  if (card->spiffe_id != id.text()) return "card names somebody else";
  auto const& bundles = session.credentials().snapshot().bundles;
  auto const signed_by_peer = a2a::verify_card_of(reply.body, trust_in(bundles, context), id);
  return signed_by_peer.ok() ? "card ok (signed, bound to peer)" : "card ok (bound to peer)";
}

io::Task<Result<Round>> ping_once(AgentSession& session, std::string action, SteadyTime deadline,
                                  Context const& context) {
  Round round;
  AW_CO_TRY(auto const card, co_await session.client().card(session.peer(), deadline));
  round.connection = card.report;
  round.card = card_words(card, session, context);
  AW_CO_TRY(auto const reply,
            co_await session.client().authorize(session.peer(), std::move(action), deadline));
  round.decision = reply.decision;
  round.answer = reply.report.total;
  if (auto checked = check_reply(reply); !checked.ok()) {
    if (exit_code(checked.error().code) != Exit::denied) co_return std::move(checked).error();
    round.refused = std::move(checked).error();
  }
  co_return round;
}

std::string phase(std::string_view name, nanoseconds duration) {
  auto number = milliseconds_text(duration);
  number.resize(number.size() - 3);  // the unit stands at the end of the line
  return std::string(name) + " " + number + "  ";
}

std::string policy_text(Round const& round) {
  if (round.refused) return "policy denied  ";
  return round.decision.duration ? phase("policy", *round.decision.duration) : "policy allowed  ";
}

void write_peer(std::ostream& out, AgentSession const& session, Round const& round) {
  auto const& c = round.connection;
  out << session.peer().id.text() << "  " << c.remote_address << "  " << c.tls_version;
  if (!c.group.empty()) out << ' ' << c.group;
  out << ' ' << c.cipher << "  " << text::printable(round.card) << '\n';
}

void write_round(std::ostream& out, Round const& round) {
  auto const& c = round.connection;
  out << "  " << phase("dns", c.resolve) << phase("connect", c.connect)
      << phase("handshake", c.handshake) << policy_text(round) << phase("answer", round.answer)
      << "ms\n";
}

double milliseconds(nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

json::Json round_json(AgentSession const& session, Round const& round) {
  auto const& c = round.connection;
  return {{"spiffe_id", session.peer().id.text()},
          {"address", c.remote_address},
          {"tls_version", c.tls_version},
          {"group", c.group},
          {"cipher", c.cipher},
          {"card", round.card},
          {"allowed", !round.refused},
          {"decision", decision_json(round.decision)},
          {"dns_ms", milliseconds(c.resolve)},
          {"connect_ms", milliseconds(c.connect)},
          {"handshake_ms", milliseconds(c.handshake)},
          {"answer_ms", milliseconds(round.answer)}};
}

// What all rounds came to.
struct Tally {
  json::Json rounds = json::Json::array();
  std::uint32_t sent = 0;
  std::uint32_t good = 0;
  std::optional<Error> last_failure;
  bool denied = false;
  bool interrupted = false;
};

void take_round(PingOptions const& options, AgentSession& session, Context& context, Tally& tally) {
  session.forget_connections();
  std::string const action = options.action.empty() ? "ping" : options.action;
  auto const deadline = context.clock.steady() + options.agent.timeout;
  auto round = io::run_blocking(ping_once(session, action, deadline, context));
  ++tally.sent;
  if (!round.ok()) {
    context.detail(round.error().text());
    tally.last_failure = std::move(round).error();
    return;
  }
  ++tally.good;
  complete_notes(session, action, context, round->decision);
  if (round->refused && !options.action.empty()) tally.denied = true;
  tally.rounds.push_back(round_json(session, *round));
  if (context.machine_readable()) return;
  if (tally.good == 1) write_peer(context.out, session, *round);
  write_round(context.out, *round);
  context.out.flush();
}

Result<Exit> conclude(Tally& tally, Context& context) {
  json::Json const data = {
      {"rounds", std::move(tally.rounds)}, {"sent", tally.sent}, {"ok", tally.good}};
  if (tally.good == 0 && tally.last_failure) return *std::move(tally.last_failure);
  context.print("Ping", data, [&](std::ostream& out) {
    out << "  " << tally.good << '/' << tally.sent << " ok\n";
  });
  if (tally.last_failure) {
    context.say("last failure: " + tally.last_failure->text());
    return exit_code(tally.last_failure->code);
  }
  if (tally.denied) return Exit::denied;
  return tally.interrupted ? Exit::interrupted : Exit::ok;
}

}  // namespace

Result<Exit> run_ping(PingOptions const& options, Context& context) {
  AW_TRY(auto const session, AgentSession::open(options.agent, context));
  Tally tally;
  std::stop_token stop;
  if (options.count > 1) stop = context.interrupt();
  for (std::uint32_t i = 0; i < options.count; ++i) {
    if (i > 0 && wait_for(stop, options.interval) == Waited::interrupted) {
      tally.interrupted = true;
      break;
    }
    take_round(options, *session, context, tally);
  }
  return conclude(tally, context);
}

void register_ping(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PingOptions>();
  options->agent.timeout = std::chrono::seconds(5);
  auto& command = add_command(
      parent,
      {.name = "ping",
       .purpose = "Reach an agent, verify its identity, and time each phase",
       .examples = {"agentweave ping hello", "agentweave ping hello -c 3 -i 200ms",
                    "agentweave ping spiffe://corp.example/agent/search --action query"},
       .details = "Connects, shakes hands, verifies the SPIFFE ID, fetches the card, and asks "
                  "policy without doing\nanything. Exit 0: reached and verified; 3: --action is "
                  "denied; 5: unreachable; 124: too late.\n"});
  add_agent_options(command, options->agent);
  command.add_option("--action", options->action, "Is this action allowed for us?");
  command.add_option("-c,--count", options->count, "Rounds")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_duration(command, "-i,--interval", options->interval, "Between two rounds");
  on_answer(command, context, [options, &context] { return run_ping(*options, context); });
}

}  // namespace aw::commands
