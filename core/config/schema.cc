// SPDX-License-Identifier: Apache-2.0
// THE table. A row here is all it takes to add a setting: parsing, ranges, environment, --set,
// explain, reference page, JSON Schema, show and reload follow from it.
#include "core/config/schema.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/config/checks.h"

namespace aw::config {
namespace {

template <class T>
constexpr Type type_of() {
  if constexpr (std::is_enum_v<T>) return Type::choice;
  if constexpr (std::is_same_v<T, bool>) return Type::boolean;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return Type::integer;
  if constexpr (std::is_floating_point_v<T>) return Type::real;
  if constexpr (std::is_same_v<T, std::chrono::nanoseconds>) return Type::duration;
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return Type::text_list;
  if constexpr (std::is_same_v<T, std::vector<int>>) return Type::integer_list;
  if constexpr (std::is_same_v<T, std::map<std::string, log::Level>>) return Type::levels;
  return Type::text;
}

template <class Object, class T>
constexpr Type type_of_member(T Object::* /*member*/) {
  return type_of<T>();
}

// key, help, then the way to the member.
template <class... Members>
Field field(std::string key, std::string help, Members... members) {
  Field out;
  out.key = std::move(key);
  out.help = std::move(help);
  out.access = reach(members...);
  out.type = type_of_member(std::get<sizeof...(members) - 1>(std::tuple(members...)));
  return out;
}

template <class... Members>
Field choice(std::string key, std::string help, std::vector<ChoiceName> names, Members... members) {
  Field out = field(std::move(key), std::move(help), members...);
  out.choices = std::move(names);
  return out;
}

Field special(std::string key, std::string help, Type type, Access access) {
  Field out;
  out.key = std::move(key);
  out.help = std::move(help);
  out.type = type;
  out.access = std::move(access);
  return out;
}

template <class E>
ChoiceName name(std::string_view text, E value) {
  return {text, static_cast<int>(value), false};
}
template <class E>
ChoiceName old_name(std::string_view text, E value) {
  return {text, static_cast<int>(value), true};
}

Slot capabilities_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.agent.capabilities.size(); },
                  [&config](std::size_t size) {
                    config.agent.capabilities.resize(size);
                    config.backends.resize(size);
                  }};
}

Slot peers_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.discovery.peers.size(); },
                  [&config](std::size_t size) { config.discovery.peers.resize(size); }};
}

void add_agent(std::vector<Field>& rows) {
  using C = Config;
  using A = a2a::AgentInfo;
  rows.push_back(field("agent.name", "the agent's name", &C::agent, &A::name)
                     .required()
                     .checked(checks::agent_name, "lowercase letters, digits, hyphens")
                     .matching("^[a-z][a-z0-9-]*$")
                     .example("billing"));
  rows.push_back(field("agent.trust_domain", "the SPIFFE trust domain the agent belongs to",
                       &C::agent, &A::trust_domain)
                     .required()
                     .env("AGENTWEAVE_TRUST_DOMAIN")
                     .checked(checks::trust_domain, "a SPIFFE trust domain name")
                     .example("corp.example"));
  rows.push_back(
      field("agent.description", "what the agent does, for its card", &C::agent, &A::description)
          .example("answers questions about invoices"));
  rows.push_back(
      field("agent.version", "the agent's own version, for its card", &C::agent, &A::version)
          .checked(checks::not_empty, "any text"));
  rows.push_back(
      choice("agent.environment", "how strict to be; --env and AGENTWEAVE_ENV win over the file",
             {name("production", Environment::production), name("staging", Environment::staging),
              name("development", Environment::development), name("prod", Environment::production),
              name("stage", Environment::staging), name("dev", Environment::development)},
             &C::environment)
          .env("AGENTWEAVE_ENV")
          .env("AGENTWEAVE_ENVIRONMENT"));
  rows.push_back(special("agent.capabilities", "what the agent can do, and where each runs",
                         Type::maps, capabilities_slot)
                     .example("[{name: echo, description: answers what it was sent, backend: "
                              "{type: builtin, name: echo}}]"));
}

void add_capabilities(std::vector<Field>& rows) {
  using C = Config;
  using A = a2a::AgentInfo;
  using P = a2a::Capability;
  using B = backend::Config;
  const auto all = &A::capabilities;
  rows.push_back(field("agent.capabilities[].name", "the capability's name: the action of policies",
                       &C::agent, all, &P::name)
                     .required()
                     .checked(checks::capability_name, "lowercase letters, digits, underscores")
                     .matching("^[a-z][a-z0-9_]*$")
                     .example("process_data"));
  rows.push_back(field("agent.capabilities[].description", "what it does, for the card", &C::agent,
                       all, &P::description)
                     .required());
  rows.push_back(field("agent.capabilities[].input_modes", "media types it accepts", &C::agent, all,
                       &P::input_modes)
                     .checked(checks::media_type, "media types"));
  rows.push_back(field("agent.capabilities[].output_modes", "media types it answers with",
                       &C::agent, all, &P::output_modes)
                     .checked(checks::media_type, "media types"));
  Field parameters = field("agent.capabilities[].parameters", "JSON Schema of its payload",
                           &C::agent, all, &P::parameters);
  parameters.type = Type::json;
  rows.push_back(std::move(parameters).example("{type: object}"));
  rows.push_back(field("agent.capabilities[].timeout_seconds", "how long one call may run",
                       &C::agent, all, &P::timeout)
                     .in(0.001, 86'400));
  rows.push_back(
      choice("agent.capabilities[].backend.type", "what runs it",
             {name("http", backend::Kind::http), name("a2a", backend::Kind::a2a),
              name("exec", backend::Kind::exec), name("builtin", backend::Kind::builtin)},
             &C::backends, &B::kind)
          .example("http"));
  rows.push_back(field("agent.capabilities[].backend.url", "http and a2a: where it listens",
                       &C::backends, &B::url)
                     .checked(checks::backend_url, "http://, https:// or unix:///path.sock:/target")
                     .example("http://127.0.0.1:9000/process"));
  rows.push_back(
      field("agent.capabilities[].backend.name", "builtin: which one", &C::backends, &B::name)
          .example("echo"));
  rows.push_back(field("agent.capabilities[].backend.command",
                       "exec: program and arguments; no shell sees them", &C::backends, &B::command)
                     .file()
                     .example("[./report.sh]"));
  rows.push_back(field("agent.capabilities[].backend.working_directory",
                       "exec: where it runs; empty = where we run", &C::backends,
                       &B::working_directory)
                     .file());
  rows.push_back(field("agent.capabilities[].backend.environment",
                       "exec: NAME=value to set, NAME to pass on; nothing else is passed",
                       &C::backends, &B::environment));
  rows.push_back(field("agent.capabilities[].backend.max_output_bytes",
                       "largest answer taken from it", &C::backends, &B::max_output_bytes)
                     .in(1, 1U << 30));
}

void add_identity(std::vector<Field>& rows) {
  using C = Config;
  using I = identity::Config;
  using F = identity::StaticPaths;
  using D = identity::DevConfig;
  const auto at = &C::identity;
  rows.push_back(
      choice("identity.provider", "where the SVID comes from; production takes only spiffe",
             {name("spiffe", identity::Provider::spiffe),
              name("mtls-static", identity::Provider::mtls_static),
              name("dev", identity::Provider::dev), old_name("spire", identity::Provider::spiffe)},
             at, &I::provider));
  rows.push_back(field("identity.spiffe_endpoint", "address of the SPIFFE Workload API", at,
                       &I::spiffe_endpoint)
                     .env("SPIFFE_ENDPOINT_SOCKET")
                     .checked(checks::spiffe_endpoint, "unix:///path or tcp://address:port")
                     .matching("^(unix|tcp)://"));
  rows.push_back(field("identity.spiffe_id",
                       "the SPIFFE ID to expect; a different SVID is reported, not refused", at,
                       &I::spiffe_id)
                     .env("AGENTWEAVE_SPIFFE_ID")
                     .checked(checks::spiffe_id, "spiffe://trust-domain/path")
                     .example("spiffe://corp.example/agent/billing"));
  rows.push_back(field("identity.allowed_trust_domains",
                       "trust domains whose members may call, besides the own one", at,
                       &I::allowed_trust_domains)
                     .checked(checks::trust_domain, "SPIFFE trust domain names, never *")
                     .example("[us.example.com, eu.example.com]"));
  rows.push_back(field("identity.certificate_path", "mtls-static: PEM chain, leaf first", at,
                       &I::files, &F::certificate)
                     .file()
                     .env("AGENTWEAVE_CERT_PATH"));
  rows.push_back(field("identity.private_key_path", "mtls-static: PEM key, mode 0600", at,
                       &I::files, &F::private_key)
                     .file()
                     .env("AGENTWEAVE_KEY_PATH"));
  rows.push_back(
      field("identity.ca_cert_path", "mtls-static: PEM trust bundle", at, &I::files, &F::ca)
          .file()
          .env("AGENTWEAVE_CA_BUNDLE_PATH"));
  rows.push_back(field("identity.dev.socket", "dev: unix path of the Workload API it serves", at,
                       &I::dev, &D::socket)
                     .file());
  rows.push_back(field("identity.dev.svid_ttl", "dev: lifetime of the SVIDs it issues", at, &I::dev,
                       &D::svid_ttl)
                     .in(1, 86'400));
  rows.push_back(field("identity.first_fetch_timeout", "how long start-up waits for the first SVID",
                       at, &I::first_fetch_timeout)
                     .in(0.1, 3600));
  rows.push_back(field("identity.on_svid_update", "a command run after each new SVID; no shell", at,
                       &I::on_svid_update)
                     .file()
                     .example("[systemctl, reload, nginx]"));
}

void add_authorization(std::vector<Field>& rows) {
  using C = Config;
  using A = authz::Config;
  const auto at = &C::authorization;
  rows.push_back(
      choice("authorization.provider", "who decides; allow-all is for development only",
             {name("opa", authz::Provider::opa), name("allow-all", authz::Provider::allow_all)}, at,
             &A::provider));
  rows.push_back(choice("authorization.default_action",
                        "what happens to a denied request; log-only is for development only",
                        {name("deny", authz::DefaultAction::deny),
                         name("log-only", authz::DefaultAction::log_only),
                         old_name("deny_all", authz::DefaultAction::deny)},
                        at, &A::default_action)
                     .env("AGENTWEAVE_AUTHZ_DEFAULT_ACTION"));
  rows.push_back(special("authorization.opa_endpoint", "the one remote OPA; opa_endpoints wins",
                         Type::text,
                         [](Config& config, std::size_t /*index*/) -> Slot {
                           return FirstSlot{&config.authorization.opa_endpoints};
                         })
                     .env("AGENTWEAVE_OPA_ENDPOINT")
                     .env("OPA_ENDPOINT")
                     .checked(checks::opa_endpoint, "http://, https:// or unix:///path")
                     .matching("^(https?|unix)://"));
  rows.push_back(field("authorization.opa_endpoints", "remote OPA servers", at, &A::opa_endpoints)
                     .checked(checks::opa_endpoint, "http://, https:// or unix:///path")
                     .example("[\"http://opa-1:8181\", \"http://opa-2:8181\"]"));
  rows.push_back(choice("authorization.failover_strategy",
                        "which OPA is asked: each in turn, or the first that answers",
                        {name("round_robin", authz::Failover::round_robin),
                         name("priority", authz::Failover::priority),
                         old_name("failover", authz::Failover::priority)},
                        at, &A::failover));
  rows.push_back(field("authorization.opa_ca_path",
                       "PEM trust of https endpoints; empty = the system's", at, &A::opa_ca_path)
                     .file());
  rows.push_back(
      field("authorization.opa_token", "bearer token for OPA", at, &A::opa_token).secret());
  rows.push_back(
      field("authorization.policy_dir", "embedded engine: every .rego below it", at, &A::policy_dir)
          .file()
          .example("policies"));
  rows.push_back(field("authorization.data_files",
                       "embedded engine: JSON or YAML files merged at the root of data", at,
                       &A::data_files)
                     .file()
                     .example("[data.json]"));
  rows.push_back(
      field("authorization.policy_path", "the package or rule that is asked", at, &A::policy_path)
          .env("AGENTWEAVE_POLICY_PATH")
          .checked(checks::policy_path, "a package or rule path")
          .example("agentweave/authz/v2/allow"));
  rows.push_back(field("authorization.timeout",
                       "how long one decision may take, failover included; then it is a denial", at,
                       &A::timeout)
                     .in(0.001, 300));
  rows.push_back(field("authorization.cache_ttl_seconds", "how long a decision is kept; 0 = off",
                       at, &A::cache, &authz::CacheConfig::ttl)
                     .in(0, 86'400));
  rows.push_back(field("authorization.cache.max_size", "how many decisions are kept", at, &A::cache,
                       &authz::CacheConfig::max_entries)
                     .in(1, 10'000'000));
  rows.push_back(field("authorization.circuit_breaker.failure_threshold",
                       "failures in a row that stop calls to an OPA", at, &A::breaker,
                       &io::BreakerConfig::failure_threshold)
                     .in(1, 1'000'000));
  rows.push_back(field("authorization.circuit_breaker.success_threshold",
                       "good probes that resume them", at, &A::breaker,
                       &io::BreakerConfig::success_threshold)
                     .in(1, 1'000'000));
  rows.push_back(field("authorization.circuit_breaker.timeout", "pause before the first probe", at,
                       &A::breaker, &io::BreakerConfig::timeout)
                     .in(0.001, 86'400));
}

void add_bundle(std::vector<Field>& rows) {
  using B = authz::BundleConfig;
  using V = authz::BundleVerification;
  const auto row = [](char const* key, char const* help, auto... members) {
    return field(std::string("authorization.bundle.") + key, help, &Config::authorization,
                 &authz::Config::bundle, members...);
  };
  rows.push_back(
      row("file", "embedded engine: an OPA bundle, a .tar.gz or a directory", &B::file).file());
  rows.push_back(
      row("url", "embedded engine: an OPA bundle from a bundle service", &B::url)
          .checked(checks::backend_url, "http://, https:// or unix:///path.sock:/target"));
  rows.push_back(row("token", "bearer token for the bundle service", &B::token).secret());
  rows.push_back(
      row("ca_path", "PEM trust of an https service; empty = the system's", &B::ca_path).file());
  rows.push_back(
      row("server_id", "SPIFFE ID of the service: mutual TLS with our SVID", &B::server_id)
          .checked(checks::spiffe_id, "spiffe://trust-domain/path"));
  rows.push_back(row("max_staleness", "how long none may come before readiness says so; 0 = never",
                     &B::max_staleness)
                     .in(0, 31'536'000));
  rows.push_back(row("polling.min_delay_seconds", "shortest pause between looks", &B::polling,
                     &authz::BundlePolling::min_delay)
                     .in(1, 86'400));
  rows.push_back(row("polling.max_delay_seconds", "longest pause; at random in between",
                     &B::polling, &authz::BundlePolling::max_delay)
                     .in(1, 86'400));
  rows.push_back(row("polling.timeout", "how long one download may take", &B::polling,
                     &authz::BundlePolling::timeout)
                     .in(0.001, 300));
  rows.push_back(row("verification.public_key", "PEM key that bundles must be signed with",
                     &B::verification, &V::public_key)
                     .file());
  rows.push_back(
      row("verification.secret", "the same for HS256: a secret", &B::verification, &V::secret)
          .secret());
  rows.push_back(row("verification.algorithm",
                     "ES256, ES384, RS256, PS256, EdDSA, HS256; empty = what fits",
                     &B::verification, &V::algorithm)
                     .matching("^(ES256|ES384|RS256|PS256|EdDSA|HS256)?$"));
  rows.push_back(row("verification.key_id", "the key id it must name; empty = any",
                     &B::verification, &V::key_id));
  rows.push_back(
      row("verification.scope", "the scope a signature must name", &B::verification, &V::scope));
}

void add_audit(std::vector<Field>& rows) {
  using C = Config;
  using A = audit::Config;
  using R = audit::RotationConfig;
  const auto at = &C::audit;
  rows.push_back(field("authorization.audit.enabled",
                       "record every decision; off is for development only", at, &A::enabled));
  rows.push_back(
      special("authorization.audit.destination", "the one place records go; destinations wins",
              Type::text,
              [](Config& config, std::size_t /*index*/) -> Slot {
                return FirstSlot{&config.audit.destinations};
              })
          .checked(checks::audit_destination, "stdout, stderr, file://, syslog://, http(s)://"));
  rows.push_back(
      field("authorization.audit.destinations", "all of them must take each record", at,
            &A::destinations)
          .checked(checks::audit_destination, "stdout, stderr, file://, syslog://, http(s)://")
          .example("[\"file:///var/log/agentweave/audit.log\", \"syslog://\"]"));
  rows.push_back(field("authorization.audit.rotation.max_bytes",
                       "file size that starts a new one; 0 = never", at, &A::rotation,
                       &R::max_bytes)
                     .in(0, 1e15));
  rows.push_back(field("authorization.audit.rotation.max_files", "older files kept; 0 = all", at,
                       &A::rotation, &R::max_files)
                     .in(0, 100'000));
  rows.push_back(field("authorization.audit.rotation.max_age",
                       "age at which a file goes; 0 = never", at, &A::rotation, &R::max_age));
  rows.push_back(field("authorization.audit.rotation.daily", "also when the UTC day changes", at,
                       &A::rotation, &R::daily));
  rows.push_back(choice("authorization.audit.sync",
                        "when a record counts as written: kernel survives kill -9, always survives "
                        "a power cut",
                        {name("kernel", audit::Sync::kernel), name("always", audit::Sync::always)},
                        at, &A::sync));
  rows.push_back(field("authorization.audit.spool_max_bytes",
                       "kept for each network destination that does not answer; full = deny", at,
                       &A::spool_max_bytes)
                     .in(1, 1e15));
}

void add_transport(std::vector<Field>& rows) {
  using C = Config;
  using T = http::ClientConfig;
  using P = http::PoolConfig;
  using R = http::RetryConfig;
  const auto at = &C::transport;
  rows.push_back(choice("transport.tls_min_version", "oldest TLS; production takes only 1.3",
                        {name("1.2", tls::Version::tls1_2), name("1.3", tls::Version::tls1_3)},
                        &C::tls, &tls::Config::min_version));
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
                     .checked(checks::host, "a host name or IP address"));
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
                     .checked(checks::host, "a host name or IP address"));
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
                       &C::a2a, &a2a::Config::card, &a2a::CardConfig::signing_keys));
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
                     .file()
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

std::vector<ChoiceName> level_names() {
  return {name("DEBUG", log::Level::debug),     name("INFO", log::Level::info),
          name("WARNING", log::Level::warning), name("WARN", log::Level::warning),
          name("ERROR", log::Level::error),     name("CRITICAL", log::Level::critical)};
}

void add_observability(std::vector<Field>& rows) {
  using C = Config;
  using M = metrics::Config;
  using L = log::Config;
  rows.push_back(field("observability.metrics.enabled", "the metrics and health listener",
                       &C::metrics, &M::enabled));
  rows.push_back(field("observability.metrics.host", "its address", &C::metrics, &M::host)
                     .checked(checks::host, "a host name or IP address"));
  rows.push_back(field("observability.metrics.port", "its port", &C::metrics, &M::port)
                     .port()
                     .env("AGENTWEAVE_METRICS_PORT"));
  rows.push_back(
      field("observability.metrics.path", "where the scrape is served", &C::metrics, &M::path)
          .checked(checks::url_path, "a path"));
  rows.push_back(
      choice("observability.logging.level", "what is logged", level_names(), &C::logging, &L::level)
          .reloadable()
          .env("AGENTWEAVE_LOG_LEVEL"));
  rows.push_back(choice("observability.logging.format", "how it is logged",
                        {name("json", log::Format::json), name("text", log::Format::text)},
                        &C::logging, &L::format)
                     .env("AGENTWEAVE_LOG_FORMAT"));
  rows.push_back(special("observability.logging.output", "where it is logged", Type::text,
                         [](Config& config, std::size_t /*index*/) -> Slot {
                           return LogOutputSlot{&config.logging.output, &config.logging.file};
                         })
                     .example("file:///var/log/agentweave/agent.log"));
  Field loggers = field("observability.logging.loggers",
                        "levels of single components; the longest matching name counts",
                        &C::logging, &L::loggers);
  loggers.choices = level_names();
  rows.push_back(std::move(loggers).reloadable().example("{agentweave.authz: DEBUG}"));
}

std::vector<Field> make_table() {
  std::vector<Field> rows;
  add_agent(rows);
  add_capabilities(rows);
  add_identity(rows);
  add_authorization(rows);
  add_bundle(rows);
  add_audit(rows);
  add_transport(rows);
  add_server(rows);
  add_limits(rows);
  add_protocol(rows);
  add_observability(rows);
  return rows;
}

struct SectionHelp {
  std::string_view name;
  std::string_view help;
};

constexpr auto kSections = std::to_array<SectionHelp>({
    {"agent", "who the agent is and what it can do"},
    {"identity", "where its identity comes from, and which trust domains may call"},
    {"authorization", "who decides, and what is recorded"},
    {"transport", "TLS, and calls to other agents"},
    {"server", "the listener and its limits"},
    {"a2a", "the A2A protocol and its tasks"},
    {"replay", "protection against replayed requests"},
    {"state", "what outlives a restart"},
    {"peers", "other agents' addresses"},
    {"outbound", "the agent's own calls, through us"},
    {"observability", "metrics and logs"},
});

}  // namespace

std::span<const Field> all_fields() {
  static const std::vector<Field> table = make_table();
  return table;
}

Field const* find_field(std::string_view key) {
  const auto rows = all_fields();
  const auto found = std::ranges::find(rows, key, &Field::key);
  return found == rows.end() ? nullptr : &*found;
}

bool is_section(std::string_view key) {
  return std::ranges::any_of(all_fields(), [key](Field const& row) {
    return row.key.size() > key.size() && row.key.starts_with(key) && row.key[key.size()] == '.';
  });
}

std::vector<std::string_view> names_below(std::string_view section) {
  std::vector<std::string_view> out;
  for (Field const& row : all_fields()) {
    std::string_view rest = row.key;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() ||
          rest[section.size()] != '.') {
        continue;
      }
      rest.remove_prefix(section.size() + 1);
    }
    rest = rest.substr(0, rest.find_first_of(".["));
    if (std::ranges::find(out, rest) == out.end()) out.push_back(rest);
  }
  return out;
}

std::string_view section_help(std::string_view section) {
  const auto* found = std::ranges::find(kSections, section, &SectionHelp::name);
  return found == kSections.end() ? std::string_view() : found->help;
}

}  // namespace aw::config
