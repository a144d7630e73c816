// SPDX-License-Identifier: Apache-2.0
#include "commands/bundle_watch.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <thread>

#include "commands/support/agent.h"
#include "commands/support/authority_watch.h"
#include "commands/support/command.h"
#include "commands/support/decisions.h"
#include "commands/support/options.h"
#include "commands/support/rotation_tally.h"
#include "core/base/log.h"
#include "core/config/load.h"
#include "core/identity/first_snapshot.h"
#include "core/identity/peer.h"
#include "core/identity/workload_client.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

using identity::Bundle;
using identity::Snapshot;
using identity::SpiffeId;
using identity::TrustDomain;

constexpr auto kLookForNews = std::chrono::milliseconds(100);  // also how soon Ctrl-C is seen
constexpr auto kAskAgents = std::chrono::seconds(1);
constexpr auto kTelling = std::chrono::seconds(5);  // an agent closes within half a second
constexpr std::size_t kClockStart = 11;             // of the time of day in RFC 3339
constexpr std::size_t kClockLength = 8;

std::string clock_text(WallTime time) {
  return format_rfc3339(time).substr(kClockStart, kClockLength);
}

// The peers of the configuration that are members of `domain`.
Result<std::vector<std::string>> agents_of(BundleWatchOptions const& options,
                                           TrustDomain const& domain, Context const& context) {
  config::LoadRequest request{.file = options.config, .env = config::lookup_in(context.env)};
  AW_TRY(auto const loaded, config::load(request));
  std::vector<std::string> out;
  for (auto const& peer : loaded.config.discovery.peers) {
    AW_TRY(auto const id, SpiffeId::parse(peer.spiffe_id));
    if (id.trust_domain() == domain) out.push_back(peer.spiffe_id);
  }
  if (out.empty()) {
    return make_error(Code::usage, "--agents: no peer of " + domain.name() + " is listed",
                      "list them under peers: in the configuration");
  }
  return out;
}

io::Task<Result<http::CallReport>> shake_hands(AgentSession& session, SteadyTime deadline) {
  AW_CO_TRY(auto const reply, co_await session.client().card(session.peer(), deadline));
  co_return reply.report;
}

// The authority that signs the agent now; empty when it does not answer or is not to be trusted.
std::string issuer_of(std::string const& agent, BundleWatchOptions const& options,
                      Snapshot const& snapshot, Context const& context) {
  AgentOptions target;
  target.target = agent;
  target.config = options.config;
  target.identity.socket = options.workload.socket;
  target.timeout = options.workload.timeout;
  auto const session = AgentSession::open(target, context);
  if (!session.ok()) return {};
  auto const deadline = context.clock.steady() + target.timeout;
  auto const report = io::run_blocking(shake_hands(**session, deadline));
  if (!report.ok()) return {};
  auto const domain = (*session)->peer().id.trust_domain();
  auto const verified =
      identity::verify_peer(report->peer_chain, snapshot.bundles, {domain}, context.clock.now());
  return verified.ok() ? verified->chain.back().fingerprint_sha256() : std::string();
}

json::Json authority_json(AuthorityView const& one) {
  return {{"fingerprint_sha256", one.fingerprint},
          {"role", std::string(role_name(one.role))},
          {"not_before", format_rfc3339(one.not_before)},
          {"not_after", format_rfc3339(one.not_after)}};
}

std::string authorities_text(std::vector<AuthorityView> const& all) {
  std::string out = "CAs:";
  for (auto const& one : all) {
    out += ' ' + short_fingerprint(one.fingerprint);
    if (one.role != AuthorityRole::unknown) out += '(' + std::string(role_name(one.role)) + ')';
  }
  return out;
}

// With every agent's word, an old authority that signs none of them can go.
std::string forget_text(std::vector<AuthorityView> const& all, AgentIssuers const& agents) {
  if (agents.empty()) return {};
  std::set<std::string> in_use;
  for (auto const& [agent, issuer] : agents) in_use.insert(issuer);
  std::string out;
  for (auto const& one : all) {
    if (one.role != AuthorityRole::old && one.role != AuthorityRole::tainted) continue;
    bool const safe = !in_use.contains(one.fingerprint) && !in_use.contains("");
    out += "   safe to forget " + short_fingerprint(one.fingerprint) + (safe ? ": yes" : ": no");
  }
  return out;
}

// Prints what changed since it was last asked.
class Reporter {
 public:
  Reporter(BundleWatchOptions const& options, Context& context)
      : options_(options), context_(context) {}

  // True when a line was printed.
  Result<bool> look(Snapshot const& snapshot) {
    if (!snapshot.has_identity()) return false;
    auto domain = snapshot.svid().id.trust_domain();
    if (!options_.trust_domain.empty()) {
      constexpr std::string_view kScheme = "spiffe://";  // as people paste it
      std::string_view name = options_.trust_domain;
      if (name.starts_with(kScheme)) name.remove_prefix(kScheme.size());
      AW_TRY(domain, TrustDomain::parse(name));
    }
    auto const bundle = snapshot.bundles.find(domain);
    if (bundle == snapshot.bundles.end()) {
      return make_error(Code::no_bundle, "no bundle of " + domain.name() + " here",
                        "`agentweave bundle show` lists what the Workload API provides");
    }
    if (options_.agents) AW_TRY(ask_agents(domain, snapshot));
    auto const now = context_.clock.now();
    auto const active = active_authority(domain, snapshot);
    if (domain == snapshot.svid().id.trust_domain())
      authorities_.next_svid(snapshot.svid(), active, now);
    auto all = authorities_of(bundle->second, active);
    for (auto& one : all)
      if (authorities_.tainted(one.fingerprint)) one.role = AuthorityRole::tainted;
    for (auto const& one : authorities_.next(bundle->second, now)) tell_withdrawn(one);
    bool const said = say(bundle->second, all);
    if (options_.agents) tell(tally_.next(agents_, active, all.size()), active);
    return said;
  }

 private:
  Result<void> ask_agents(TrustDomain const& domain, Snapshot const& snapshot) {
    if (names_.empty()) {
      AW_TRY(names_, agents_of(options_, domain, context_));
    }
    for (auto const& name : names_) {
      agents_[name] = issuer_of(name, options_, snapshot, context_);
    }
    return {};
  }

  // Our own certificate tells for our own domain; the agents tell for any.
  [[nodiscard]] std::string active_authority(TrustDomain const& domain,
                                             Snapshot const& snapshot) const {
    if (domain == snapshot.svid().id.trust_domain()) {
      return view_of(snapshot.svid(), snapshot.bundles, context_.clock.now()).issuer;
    }
    for (auto const& [agent, issuer] : agents_) {
      if (!issuer.empty()) return issuer;
    }
    return {};
  }

  bool say(Bundle const& bundle, std::vector<AuthorityView> const& all) {
    std::string active;
    for (auto const& one : all) {
      if (one.role == AuthorityRole::active) active = one.fingerprint;
    }
    std::string text = bundle.trust_domain().name();
    if (bundle.sequence()) text += "  seq " + std::to_string(*bundle.sequence());
    text += "  " + authorities_text(all);
    if (options_.agents) text += "   " + agents_text(agents_, active) + forget_text(all, agents_);
    if (text == last_) return false;
    last_ = text;
    auto const now = context_.clock.now();
    if (context_.machine_readable()) {
      context_.out << event(bundle, all, now).dump() << '\n';
    } else {
      context_.out << clock_text(now) << ' ' << text << '\n';
    }
    context_.out.flush();
    return true;
  }

  // Connections are told by the agent itself: it closes them while we look.
  void tell_withdrawn(AuthorityWatch::Withdrawn const& one) {
    std::string line = short_fingerprint(one.fingerprint) + " TAINTED, withdrawn " +
                       format_duration(one.left) + " before its end";
    json::Json data = {{"event", "withdrawn"},
                       {"fingerprint_sha256", one.fingerprint},
                       {"left_seconds", one.left / std::chrono::seconds(1)}};
    if (auto const closed = closed_connections(one.fingerprint)) {
      line += " → " + std::to_string(closed->connections) +
              " connections with its chains closed in " + format_duration(closed->took);
      data["connections"] = closed->connections;
      data["took_milliseconds"] = closed->took.count();
    }
    tell(line, std::move(data));
  }

  // nullopt without an agent to ask, or when it does not tell within kTelling.
  [[nodiscard]] std::optional<ClosedConnections> closed_connections(
      std::string const& fingerprint) const {
    if (options_.config.empty()) return std::nullopt;
    AdminOptions admin;
    admin.config = options_.config;
    auto const address = admin_address(admin, context_);
    if (!address.ok()) return std::nullopt;
    auto const until = context_.clock.steady() + kTelling;
    do {
      auto const status = admin_get(*address, "/status", options_.workload.timeout);
      if (!status.ok()) return std::nullopt;
      if (auto closed = closed_for(status->body, fingerprint)) return closed;
      std::this_thread::sleep_for(kLookForNews);
    } while (context_.clock.steady() < until);
    return std::nullopt;
  }

  // The rotation's own lines; not counted by -n.
  void tell(RotationTally::News const& news, std::string const& active) {
    for (auto const& move : news.moves)
      tell("rotated " + move.agent + "  " + short_fingerprint(move.from) + " → " +
               short_fingerprint(move.to),
           {{"event", "rotated"}, {"agent", move.agent}, {"from", move.from}, {"to", move.to}});
    for (auto const& done : news.settled)
      tell(std::to_string(done.agents) + '/' + std::to_string(done.agents) + " on " +
               short_fingerprint(active) + "   calls failed during rotation: " +
               std::to_string(done.failed) + " of " + std::to_string(done.asked),
           {{"event", "settled"},
            {"active", active},
            {"agents", done.agents},
            {"asked", done.asked},
            {"failed", done.failed}});
  }
  void tell(std::string const& line, json::Json data) {
    auto const now = context_.clock.now();
    if (context_.machine_readable()) {
      data["time"] = format_rfc3339(now);
      context_.out << data.dump() << std::endl;
    } else {
      context_.out << clock_text(now) << "   " << line << std::endl;
    }
  }

  [[nodiscard]] json::Json event(Bundle const& bundle, std::vector<AuthorityView> const& all,
                                 WallTime now) const {
    json::Json out = {
        {"time", format_rfc3339(now)},
        {"trust_domain", bundle.trust_domain().name()},
        {"sequence", bundle.sequence() ? json::Json(*bundle.sequence()) : json::Json()},
        {"authorities", json::Json::array()}};
    for (auto const& one : all) out["authorities"].push_back(authority_json(one));
    if (options_.agents) out["agents"] = agents_;
    return out;
  }

  BundleWatchOptions const& options_;
  Context& context_;
  std::vector<std::string> names_;
  AgentIssuers agents_;
  RotationTally tally_;
  AuthorityWatch authorities_;
  std::string last_;
};

}  // namespace

std::string_view role_name(AuthorityRole role) {
  switch (role) {
    case AuthorityRole::active:
      return "active";
    case AuthorityRole::prepared:
      return "prepared";
    case AuthorityRole::old:
      return "old";
    case AuthorityRole::tainted:
      return "tainted";
    case AuthorityRole::unknown:
      break;
  }
  return "unknown";
}

std::vector<AuthorityView> authorities_of(Bundle const& bundle, std::string const& active) {
  std::vector<AuthorityView> out;
  std::optional<WallTime> since;
  for (auto const& authority : bundle.x509_authorities()) {
    out.push_back({.fingerprint = authority.fingerprint_sha256(),
                   .not_before = authority.not_before(),
                   .not_after = authority.not_after(),
                   .role = AuthorityRole::unknown});
    if (out.back().fingerprint == active) since = out.back().not_before;
  }
  if (!since) return out;
  for (auto& one : out) {
    one.role = one.fingerprint == active  ? AuthorityRole::active
               : one.not_before >= *since ? AuthorityRole::prepared
                                          : AuthorityRole::old;
  }
  return out;
}

std::string agents_text(AgentIssuers const& agents, std::string const& active) {
  auto const on = std::ranges::count_if(
      agents, [&active](auto const& one) { return !active.empty() && one.second == active; });
  auto const silent =
      std::ranges::count_if(agents, [](auto const& one) { return one.second.empty(); });
  std::string out = "agents " + std::to_string(on) + '/' + std::to_string(agents.size()) + " on " +
                    short_fingerprint(active);
  if (silent > 0) out += ", " + std::to_string(silent) + " silent";
  return out;
}

Result<Exit> run_bundle_watch(BundleWatchOptions const& options, Context& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options.workload, context));
  auto const log = log::Log::silent();
  auto const stop = context.interrupt();
  io::Watch<Snapshot> watch;
  identity::WorkloadApiProvider provider({.endpoint = endpoint.text()}, context.clock, *log);
  AW_TRY(provider.start(watch));
  AW_TRY(identity::wait_first_snapshot(watch, provider, options.workload.timeout, stop));
  Reporter reporter(options, context);
  std::uint64_t version = 0;
  auto ask_again = context.clock.steady();
  for (std::uint64_t lines = 0; options.count == 0 || lines < options.count;) {
    if (stop.stop_requested()) return Exit::interrupted;
    auto const seen = watch.wait_newer(version, kLookForNews);
    bool const due = options.agents && context.clock.steady() >= ask_again;
    if (seen.version == version && !due) continue;
    version = seen.version;
    AW_TRY(bool const printed, reporter.look(*seen.value));
    if (printed) ++lines;
    ask_again = context.clock.steady() + kAskAgents;
  }
  return Exit::ok;
}

void register_bundle_watch(CLI::App& parent, Context& context) {
  auto options = std::make_shared<BundleWatchOptions>();
  auto& group = add_group(parent, "bundle", "See the authorities of trust domains");
  auto& command = add_command(
      group,
      {.name = "watch",
       .purpose = "Print a line for every change of a trust domain's authorities",
       .examples = {"agentweave bundle watch -n 1",
                    "agentweave bundle watch corp.example --agents --config config.yaml -n 1"},
       .details = "active signs certificates now, prepared is younger, old is still trusted, "
                  "tainted was given\nup: what it signed was renewed long before its time. One "
                  "that is withdrawn before its end is told,\nwith the connections that the "
                  "agent of --config closed for it.\n"
                  "--agents shakes hands with the configuration's peers of that domain, once a "
                  "second, and counts\nwho is on the active one; an old authority that signs "
                  "nobody any more is safe to forget.\nWhile a CA rotates it says who moved, and "
                  "how many of its own calls failed meanwhile."});
  add_workload_options(command, options->workload);
  command.add_option("TRUST_DOMAIN", options->trust_domain, "Instead of the own one");
  command.add_flag_callback(
      "--agents", [options] { options->agents = true; }, "Ask the configuration's peers");
  command.add_option("--config", options->config, "Configuration whose peers are asked")
      ->type_name("FILE");
  add_number(command, "-n,--count", options->count, "Stop after so many lines (0 = never)");
  on_answer(command, context, [options, &context] { return run_bundle_watch(*options, context); });
}

}  // namespace aw::commands
