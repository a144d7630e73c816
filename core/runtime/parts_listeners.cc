// SPDX-License-Identifier: Apache-2.0
// The steps of runtime.cc that listen, and what happens to open connections when trust changes.
#include <algorithm>
#include <utility>

#include "core/a2a/refusal.h"
#include "core/authz/input.h"
#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/runtime/admin.h"
#include "core/runtime/parts.h"

namespace aw::runtime {
namespace {

constexpr std::string_view kDecisionHeader = "x-agentweave-decision-id";

bool same_bundles(identity::Snapshot const& a, identity::Snapshot const& b) {
  return a.bundles == b.bundles;
}

// "127.0.0.1:8443", whole and in its parts.
void say_listening(log::Log& log, std::string_view message, std::string const& address) {
  std::string_view const whole = address;
  auto const colon = whole.rfind(':');
  log.info(log::Component::agent, message,
           {{"address", whole},
            {"host", whole.substr(0, colon)},
            {"port", colon == std::string_view::npos ? "" : whole.substr(colon + 1)}});
}

// The answer where no session gives one: to a connection over the limit, and for a handler that is
// late or fails, under the id that this has `added`. A small JSON object; its id finds the line in
// the log.
http::Response unanswered(log::Log& log, Clock const& clock, http::Unanswered const& what) {
  auto const known = what.added.get(kDecisionHeader);
  auto const id = known ? std::string(*known) : time_ordered_id(clock.now(), "d-");
  auto out = a2a::refusal({}, {.code = what.code, .decision_id = id, .retry_after = {}});
  out.status = what.status;
  out.headers.set(kDecisionHeader, id);
  log.write(log::Component::transport, log::Level::info, "Request rejected",
            {{"code", code_name(what.code)},
             {"status", std::to_string(what.status)},
             {"decision_id", id}});
  return out;
}

}  // namespace

Result<void> Runtime::Parts::serve_probes() {
  if (!config.metrics.enabled) return {};
  probe_routes = server::probe_routes(
      {.metrics = metrics,
       .metrics_path = config.metrics.path,
       .health = health,
       .agent_name = config.agent.name,
       .spiffe_id = [this] { return first_svid ? first_svid->id.text() : std::string(); },
       .uptime = [this] { return std::chrono::nanoseconds(clock.steady() - began); }});
  http::ServerOptions options;
  options.listen = http::TcpAddress{.host = config.metrics.host, .port = config.metrics.port};
  options.sessions = [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
    return std::unique_ptr<http::Session>(
        std::make_unique<server::PlainSession>(probe_routes, everybody));
  };
  AW_TRY(probes, http::Server::start(std::move(options), *loops, clock));
  say_listening(*log, "Metrics server started", probes->address());
  return {};
}

Result<void> Runtime::Parts::bind_agent(Seams const& seams) {
  credentials = [this] { return current(); };
  trust_changes = std::make_unique<TrustChanges>(clock, *log, metrics);
  http::ServerOptions options;
  options.listen = http::TcpAddress{.host = config.server.host, .port = config.server.port};
  if (seams.listening_socket) options.listen = http::InheritedSocket{*seams.listening_socket};
  options.limits = config.limits;
  options.limits.max_connections = most_connections;
  options.tls = [this]() -> std::shared_ptr<const tls::Context> {
    auto const now = current();
    return now ? now->server() : nullptr;
  };
  options.sessions = [this](http::ConnectionInfo const& info) {
    auto session = server::AgentSession::open(info, credentials, *pipeline);
    if (session.ok()) instruments->connections.add();
    return session;
  };
  options.refuse = [this](http::Unanswered const& what) { return unanswered(*log, clock, what); };
  options.rejected = [this](Error const& error, std::string_view from) {
    instruments->handshake_failures.add();
    calls->refused(authz::address_without_port(from), first_svid->id.text(), error);
    log->write(log::Component::transport, log::Level::info, "Connection refused",
               {{"code", code_name(error.code)}, {"reason", error.message}, {"remote", from}});
  };
  AW_TRY(agent, http::Server::start(std::move(options), *loops, clock));
  metrics.before_scrape([this] {
    instruments->active_connections.set(static_cast<double>(agent->stats().connections));
  });
  identity->current().on_change([this](io::Watch<Current>::Seen const& seen) {
    tell_missing_bundles(*seen.value->snapshot);
    recheck_connections(*seen.value);
  });
  if (auto const now = current()) {
    tell_missing_bundles(now->snapshot());
    std::lock_guard const lock(checking);
    if (!checked) checked = std::make_shared<identity::Snapshot>(now->snapshot());
  }
  say_listening(*log, "Server listening", agent->address());
  return {};
}

// The agent's own calls, from its listener or from code of this process.
void Runtime::Parts::open_outbound() {
  outbound_caller =
      std::make_unique<server::OutboundCaller>(config.transport, config.discovery, *client, clock);
  outbound_gates = std::make_unique<server::Outbound>(
      server::Outbound::Needs{.caller = *outbound_caller,
                              .credentials = credentials,
                              .authorization = *authorizer,
                              .audit = *audit,
                              .tracer = tracer,
                              .metrics = metrics,
                              .clock = clock,
                              .log = *log,
                              .decisions = decisions.get(),
                              .decision_logs = decision_logs.get(),
                              .policy_path = config.authorization.policy_path,
                              .calls = calls.get()});
  out_calls = std::make_unique<OutCalls>(
      [gates = outbound_gates.get()](auto& request, auto& writer, auto const& from) {
        return gates->serve(request, writer, from);
      },
      *loops);
}

Result<void> Runtime::Parts::serve_outbound() {
  if (config.server.outbound.listen.empty()) return {};
  http::ServerOptions options;
  AW_TRY(options.listen, server::outbound_address(config.server.outbound.listen));
  options.limits = config.limits;
  options.limits.max_connections = most_connections;
  options.sessions =
      [this](http::ConnectionInfo const& info) -> Result<std::unique_ptr<http::Session>> {
    return std::unique_ptr<http::Session>(
        std::make_unique<server::OutboundSession>(*outbound_gates, info.remote_address));
  };
  options.refuse = [this](http::Unanswered const& what) { return unanswered(*log, clock, what); };
  AW_TRY(outbound, http::Server::start(std::move(options), *loops, clock));
  log->info(log::Component::agent, "Outbound calls taken", {{"address", outbound->address()}});
  return {};
}

Result<void> Runtime::Parts::serve_admin() {
  if (!config.server.admin.enabled) return {};
  admin_token = text::to_base64url(random_bytes(18));
  map_door = std::make_unique<server::MapDoor>(clock);
  admin_routes = admin_routes_of(*this);
  bool const here = config.server.admin.host.starts_with("127.") ||
                    config.server.admin.host == "localhost" || config.server.admin.host == "::1";
  admin_admits = server::token_check(
      admin_token, here ? server::HostRule::loopback_only : server::HostRule::any);
  http::ServerOptions options;
  options.listen =
      http::TcpAddress{.host = config.server.admin.host, .port = config.server.admin.port};
  options.sessions = [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
    return std::unique_ptr<http::Session>(
        std::make_unique<server::PlainSession>(admin_routes, admin_admits));
  };
  AW_TRY(admin, http::Server::start(std::move(options), *loops, clock));
  if (config.server.state.directory.empty()) return {};
  return fs::write_file_atomic(std::filesystem::path(config.server.state.directory) / "admin.token",
                               admin_token + "\n", fs::Mode::private_file);
}

// AW1210: a domain that is allowed while nobody brings its bundle is refused like any stranger's.
// Said when that becomes so, not at every rotation.
void Runtime::Parts::tell_missing_bundles(identity::Snapshot const& now) {
  std::vector<std::string> known;
  for (auto const& [domain, bundle] : now.bundles) known.push_back(domain.name());
  // Not here yet is not missing: its own log lines say when it cannot be fetched.
  if (federation != nullptr)
    for (auto const& one : federation->federated()) known.push_back(one.domain);
  std::vector<std::string> missing;
  std::lock_guard const lock(checking);
  for (auto const& found : config::check_bundles(loaded, known)) {
    missing.push_back(found.value);
    if (std::ranges::find(told_missing, found.value) != told_missing.end()) continue;
    log->write(log::Component::identity, log::Level::warning, found.message,
               {{"code", code_name(found.code)},
                {"trust_domain", found.value},
                {"at", found.place.text()},
                {"hint", found.hint}});
  }
  told_missing = std::move(missing);
}

// Runs on the identity's thread. Live connections are looked at again only when trust changed: our
// own certificate's rotation is no reason to touch them.
void Runtime::Parts::recheck_connections(Current const& now) {
  if (!now.credentials) {
    agent->close_if([](http::Session&) { return true; });
    return;
  }
  std::vector<TrustChange::Withdrawn> withdrawn;
  {
    std::lock_guard const lock(checking);
    auto const before = std::exchange(checked, now.snapshot);
    if (before && same_bundles(*before, *now.snapshot)) return;
    if (before) withdrawn = withdrawn_between(before->bundles, now.snapshot->bundles);
  }
  // Each loop's copy of the predicate holds the ticket until that loop has looked.
  agent->retire_if([credentials_now = now.credentials,
                    ticket = trust_changes->begin(std::move(withdrawn))](http::Session& session) {
    auto& visited = static_cast<server::AgentSession&>(session);
    if (visited.valid_under(*credentials_now)) return false;
    visited.distrust(ticket);
    ticket->count();
    return true;
  });
}

}  // namespace aw::runtime
