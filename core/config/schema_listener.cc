// SPDX-License-Identifier: Apache-2.0
// Rows of the sections that say how the agent is reached: transport, server, limits, protocol,
// peers, run.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot peers_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.discovery.peers.size(); },
                  [&config](std::size_t size) { config.discovery.peers.resize(size); }};
}

}  // namespace

void add_transport(std::vector<Field>& rows) {
  using C = Config;
  using T = http::ClientConfig;
  using P = http::PoolConfig;
  using R = http::RetryConfig;
  const auto at = &C::transport;
  rows.push_back(choice("transport.tls_min_version", "oldest TLS; production takes only 1.3",
                        {name("1.2", tls::Version::tls1_2), name("1.3", tls::Version::tls1_3)},
                        &C::tls, &tls::Config::min_version));
  rows.push_back(choice(
      "transport.tls_library",
      "lean: OpenSSL with what handshakes need alone, the cheaper one; standard: as it comes",
      {name("lean", tls::Crypto::lean), name("standard", tls::Crypto::standard)}, &C::tls,
      &tls::Config::library));
  rows.push_back(choice("transport.peer_verification", "strict; peers are always verified",
                        {name("strict", tls::PeerVerification::strict),
                         name("log-only", tls::PeerVerification::log_only)},
                        &C::tls, &tls::Config::peer_verification));
  rows.push_back(field("transport.timeout_seconds", "one call to another agent, all tries together",
                       at, &T::timeout)
                     .in(0.001, 86'400));
  rows.push_back(field("transport.connection_pool.max_connections", "connections to all targets",
                       at, &T::pool, &P::max_connections)
                     .in(1, 10'000));
  rows.push_back(field("transport.connection_pool.max_per_target", "connections to one target", at,
                       &T::pool, &P::max_per_target)
                     .in(1, 10'000));
  rows.push_back(field("transport.connection_pool.idle_timeout_seconds",
                       "idle connections are closed after", at, &T::pool, &P::idle_timeout)
                     .in(1, 86'400));
  rows.push_back(field("transport.connection_pool.max_lifetime_seconds",
                       "connections are replaced after", at, &T::pool, &P::max_lifetime)
                     .in(1, 86'400));
  rows.push_back(field("transport.connection_pool.connect_timeout_seconds", "TCP and TLS together",
                       at, &T::pool, &P::connect_timeout)
                     .in(0.001, 3600));
  rows.push_back(field("transport.circuit_breaker.failure_threshold",
                       "failures in a row that stop calls to a target", at, &T::breaker,
                       &io::BreakerConfig::failure_threshold)
                     .in(1, 1'000'000));
  rows.push_back(field("transport.circuit_breaker.success_threshold",
                       "good probes that resume them", at, &T::breaker,
                       &io::BreakerConfig::success_threshold)
                     .in(1, 1'000'000));
  rows.push_back(field("transport.circuit_breaker.recovery_timeout_seconds",
                       "pause before the first probe", at, &T::breaker, &io::BreakerConfig::timeout)
                     .in(1, 86'400));
  rows.push_back(field("transport.retry.max_attempts", "tries in all, the first included", at,
                       &T::retry, &R::max_attempts)
                     .in(1, 10));
  rows.push_back(field("transport.retry.backoff_base_seconds", "first pause between tries", at,
                       &T::retry, &R::backoff_base)
                     .in(0.1, 3600));
  rows.push_back(field("transport.retry.backoff_max_seconds", "longest pause between tries", at,
                       &T::retry, &R::backoff_max)
                     .in(1, 3600));
  rows.push_back(field("transport.retry.retryable_status_codes", "answers worth another try", at,
                       &T::retry, &R::retryable_status_codes)
                     .checked(checks::http_error_status, "400 to 599"));
  rows.push_back(
      field("transport.discovery.template",
            "address of a SPIFFE ID that peers does not list; {name} = last path segment",
            &C::discovery, &a2a::DiscoveryConfig::address_template)
          .checked(checks::address_template, "host:port with {name}, {trust_domain}")
          .example("\"{name}.agents.{trust_domain}:8443\""));
}

void add_server(std::vector<Field>& rows) {
  using C = Config;
  using V = server::Config;
  const auto at = &C::server;
  rows.push_back(field("server.host",
                       "address to listen on; 127.0.0.1 in development with weakened settings", at,
                       &V::host)
                     .checked(checks::host, "an IP address or localhost"));
  rows.push_back(field("server.port", "port of the mTLS listener", at, &V::port).port());
  rows.push_back(
      field("server.workers", "event loops; 0 = one per core", at, &V::workers).in(0, 1024));
  rows.push_back(field("server.upstream",
                       "sidecar: capabilities without a backend go to {upstream}/{capability}", at,
                       &V::upstream)
                     .checked(checks::backend_url, "http://, https:// or unix:///path.sock")
                     .example("http://127.0.0.1:9000"));
  rows.push_back(field("server.max_concurrent_requests", "requests in work at the same time", at,
                       &V::max_concurrent_requests)
                     .in(1, 1'000'000));
  rows.push_back(field("server.max_concurrent_per_caller",
                       "of them, for one SPIFFE ID, streams included; 0 = all", at,
                       &V::max_concurrent_per_caller)
                     .in(0, 1'000'000));
  rows.push_back(field("server.request_timeout_seconds", "one request, from head to last byte",
                       &C::limits, &http::Limits::request_timeout)
                     .in(0.001, 86'400));
  rows.push_back(field("server.graceful_shutdown_seconds",
                       "how long requests in work may take after SIGTERM", at,
                       &V::graceful_shutdown)
                     .in(0, 3600)
                     .reloadable());
  rows.push_back(field("server.shutdown_delay_seconds",
                       "pause between not ready and closing the listener", at, &V::shutdown_delay)
                     .in(0, 3600)
                     .reloadable());
  rows.push_back(field("server.rate_limit.requests_per_second", "per caller; 0 = off", at,
                       &V::rate_limit, &server::RateLimitConfig::requests_per_second)
                     .in(0, 1e9));
  rows.push_back(field("server.rate_limit.burst", "per caller; 0 = one second's worth", at,
                       &V::rate_limit, &server::RateLimitConfig::burst)
                     .in(0, 1e9));
  rows.push_back(field("server.readiness.require_pdp", "not ready while no decision point answers",
                       at, &V::readiness, &server::ReadinessConfig::require_pdp));
  rows.push_back(field("server.admin.enabled", "the admin listener", at, &V::admin,
                       &server::AdminConfig::enabled));
  rows.push_back(field("server.admin.host", "its address; keep it on loopback", at, &V::admin,
                       &server::AdminConfig::host)
                     .checked(checks::host, "an IP address or localhost"));
  rows.push_back(
      field("server.admin.port", "its port", at, &V::admin, &server::AdminConfig::port).port());
}

void add_limits(std::vector<Field>& rows) {
  using C = Config;
  using L = http::Limits;
  const auto at = &C::limits;
  const auto number = [&rows, at](std::string key, std::string help, auto member, double most) {
    rows.push_back(
        field("server.limits." + std::move(key), std::move(help), at, member).in(1, most));
  };
  const auto wait = [&rows, at](std::string key, std::string help, auto member) {
    rows.push_back(
        field("server.limits." + std::move(key), std::move(help), at, member).in(0.001, 86'400));
  };
  number("max_head_bytes", "request line and headers together", &L::max_head_bytes, 1U << 20);
  number("max_headers", "header fields", &L::max_headers, 10'000);
  number("max_target_bytes", "path and query", &L::max_target_bytes, 1U << 20);
  number("max_body_bytes", "request body", &L::max_body_bytes, 1U << 30);
  number("max_connections", "open connections", &L::max_connections, 10'000'000);
  number("max_streams_per_connection", "HTTP/2 streams of one connection",
         &L::max_streams_per_connection, 10'000);
  number("max_requests_per_connection", "requests before a connection is closed",
         &L::max_requests_per_connection, 4e9);
  wait("handshake_timeout", "TLS handshake", &L::handshake_timeout);
  wait("head_timeout", "until a request's head is complete", &L::head_timeout);
  wait("body_timeout", "until its body is complete", &L::body_timeout);
  wait("idle_timeout", "between requests", &L::idle_timeout);
  wait("write_timeout", "a caller that does not read", &L::write_timeout);
}

void add_protocol(std::vector<Field>& rows) {
  using C = Config;
  using V = server::Config;
  using R = server::ReplayConfig;
  rows.push_back(
      field("a2a.versions", "A2A versions served, preferred first", &C::a2a, &a2a::Config::versions)
          .checked(checks::protocol_version, "1.0, 0.3"));
  rows.push_back(field("a2a.card.signing_keys",
                       "PEM keys that sign the card, the current one first; empty = the SVID's key",
                       &C::a2a, &a2a::Config::card, &a2a::CardConfig::signing_keys)
                     .file());
  rows.push_back(field("a2a.push.allow_private", "may webhooks go to private addresses", &C::a2a,
                       &a2a::Config::push, &a2a::PushConfig::allow_private));
  rows.push_back(
      field("a2a.max_tasks", "tasks kept, all callers together", &C::a2a, &a2a::Config::max_tasks)
          .in(1, 100'000'000));
  rows.push_back(field("a2a.max_tasks_per_caller", "tasks kept for one caller", &C::a2a,
                       &a2a::Config::max_tasks_per_caller)
                     .in(1, 100'000'000));
  rows.push_back(field("a2a.task_retention", "how long a finished task is kept", &C::a2a,
                       &a2a::Config::task_retention)
                     .at_least(1));
  rows.push_back(choice("replay.mode", "are nonce and timestamp required of every caller",
                        {name("optional", server::ReplayMode::optional),
                         name("required", server::ReplayMode::required)},
                        &C::server, &V::replay, &R::mode));
  rows.push_back(
      field("replay.past_seconds", "oldest timestamp accepted", &C::server, &V::replay, &R::past)
          .in(1, 3600));
  rows.push_back(field("replay.future_seconds", "farthest timestamp ahead accepted", &C::server,
                       &V::replay, &R::future)
                     .in(0, 300));
  rows.push_back(field("replay.max_entries_per_caller",
                       "nonces remembered per caller; a full set refuses", &C::server, &V::replay,
                       &R::max_entries_per_caller)
                     .in(1, 100'000'000));
  rows.push_back(field("state.directory",
                       "where tasks and the replay set outlive a restart; empty = memory only",
                       &C::server, &V::state, &server::StateConfig::directory)
                     .made()
                     .example("/var/lib/agentweave"));
  rows.push_back(special("peers", "where SPIFFE IDs are found", Type::maps, peers_slot)
                     .example("[{id: \"spiffe://corp.example/agent/search\", address: "
                              "\"https://search:8443\"}]"));
  rows.push_back(field("peers[].id", "whom it must be", &C::discovery, &a2a::DiscoveryConfig::peers,
                       &a2a::PeerAddress::spiffe_id)
                     .required()
                     .checked(checks::spiffe_id, "spiffe://trust-domain/path"));
  rows.push_back(field("peers[].address", "where it listens", &C::discovery,
                       &a2a::DiscoveryConfig::peers, &a2a::PeerAddress::address)
                     .required()
                     .checked(checks::peer_address, "https://host:port"));
  rows.push_back(field("outbound.listen",
                       "loopback listener for the agent's own calls; empty = none", &C::server,
                       &V::outbound, &server::OutboundConfig::listen)
                     .checked(checks::loopback_listener, "127.0.0.1:port or unix:///path")
                     .example("127.0.0.1:8081"));
}

void add_run(std::vector<Field>& rows) {
  using R = backend::ChildConfig;
  const auto at = &Config::child;
  rows.push_back(field("run.environment",
                       "NAME=value for the command, over what it gets from us anyway", at,
                       &R::environment)
                     .checked(checks::name_value, "NAME=value")
                     .named()
                     .example("[\"LEVEL=info\"]"));
  rows.push_back(choice(
      "run.restart", "whether the command is started again when it ends",
      {name("never", backend::Restart::never), name("on-failure", backend::Restart::on_failure),
       name("always", backend::Restart::always)},
      at, &R::restart));
  rows.push_back(field("run.start_timeout", "how long the command may take until it listens", at,
                       &R::start_timeout)
                     .in(0.001, 3600));
  rows.push_back(
      field("run.stop_timeout", "from SIGTERM to SIGKILL, after the drain", at, &R::stop_timeout)
          .in(0, 3600));
}

}  // namespace aw::config
