// SPDX-License-Identifier: Apache-2.0
// THE table, first half: agent, identity, authorization, audit; schema_listener.cc has the rest. A
// row is all it takes to add a setting: parsing, ranges, environment, --set, explain, reference
// page, JSON Schema, show and reload follow from it.
#include "core/config/schema.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot capabilities_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.agent.capabilities.size(); },
                  [&config](std::size_t size) {
                    config.agent.capabilities.resize(size);
                    config.backends.resize(size);
                  }};
}

Slot mask_rules_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.decisions.mask_rules.size(); },
                  [&config](std::size_t size) { config.decisions.mask_rules.resize(size); }};
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
  Field parameters = field(
      "agent.capabilities[].parameters",
      "JSON Schema of its payload (drafts 4 to 7): each call is held against it, and cards show it",
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
  rows.push_back(choice("agent.capabilities[].backend.binding",
                        "a2a: the binding it is called in; card = what its card puts first",
                        {name("card", backend::Wire::card), name("jsonrpc", backend::Wire::jsonrpc),
                         name("rest", backend::Wire::rest), name("grpc", backend::Wire::grpc)},
                        &C::backends, &B::binding));
  rows.push_back(
      field("agent.capabilities[].backend.name", "builtin: which one", &C::backends, &B::name)
          .example("echo"));
  rows.push_back(field("agent.capabilities[].backend.command",
                       "exec: program and arguments; no shell sees them", &C::backends, &B::command)
                     .program()
                     .example("[./report.sh]"));
  rows.push_back(field("agent.capabilities[].backend.working_directory",
                       "exec: where it runs; empty = where we run", &C::backends,
                       &B::working_directory)
                     .file());
  rows.push_back(field("agent.capabilities[].backend.environment",
                       "exec: NAME=value to set, NAME to pass on; nothing else is passed",
                       &C::backends, &B::environment));
  rows.push_back(field("agent.capabilities[].backend.headers",
                       "http: name=value, sent with each call beside ours", &C::backends,
                       &B::headers)
                     .checked(checks::backend_header, "name=value, but for names that are ours")
                     .secret()
                     .example("[\"authorization=Bearer ${secret:search_key}\"]"));
  rows.push_back(field("agent.capabilities[].backend.max_output_bytes",
                       "largest answer taken from it", &C::backends, &B::max_output_bytes)
                     .in(1, 1U << 30));
}

Slot federation_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.identity.federation.size(); },
                  [&config](std::size_t size) { config.identity.federation.resize(size); }};
}

void add_federation(std::vector<Field>& rows) {
  using C = Config;
  using I = identity::Config;
  using F = identity::FederationConfig;
  using P = identity::EndpointProfile;
  rows.push_back(special("identity.federation",
                         "bundle endpoints of other trust domains, beside the Workload API",
                         Type::maps, federation_slot)
                     .example("[{trust_domain: eu.example.com, url: "
                              "\"https://spire.eu.example.com/bundle\"}]"));
  auto const row = [](std::string key, std::string help, std::string F::* member) {
    return field("identity.federation[]." + key, std::move(help), &C::identity, &I::federation,
                 member);
  };
  rows.push_back(row("trust_domain", "whose bundle it is", &F::trust_domain)
                     .required()
                     .checked(checks::trust_domain, "a SPIFFE trust domain name"));
  rows.push_back(row("url", "where it is served", &F::url)
                     .required()
                     .checked(checks::http_url, "https://host…")
                     .matching("^https://"));
  rows.push_back(choice("identity.federation[].profile",
                        "how the endpoint proves itself: by its host name or a SPIFFE ID",
                        {name("https_web", P::https_web), name("https_spiffe", P::https_spiffe)},
                        &C::identity, &I::federation, &F::profile));
  rows.push_back(row("endpoint_spiffe_id", "https_spiffe: who must answer", &F::endpoint_spiffe_id)
                     .checked(checks::spiffe_id, "spiffe://trust-domain/path"));
  rows.push_back(row("bootstrap", "a bundle (SPIFFE JSON) to begin with; https_spiffe needs one",
                     &F::bootstrap)
                     .file());
  rows.push_back(
      row("ca_path", "https_web: PEM authorities instead of the machine's", &F::ca_path).file());
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
  add_federation(rows);
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
                     .made());
  rows.push_back(field("identity.dev.svid_ttl", "dev: lifetime of the SVIDs it issues", at, &I::dev,
                       &D::svid_ttl)
                     .in(1, 86'400));
  rows.push_back(field("identity.first_fetch_timeout", "how long start-up waits for the first SVID",
                       at, &I::first_fetch_timeout)
                     .in(0.1, 3600));
  rows.push_back(field("identity.on_svid_update", "a command run after each new SVID; no shell", at,
                       &I::on_svid_update)
                     .program()
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
      field("authorization.audit.destinations",
            "each gets every record; the first must have it before the answer", at,
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
  using K = audit::CheckpointConfig;
  rows.push_back(field("authorization.audit.checkpoint.max_records",
                       "records after which the log is signed", at, &A::checkpoint, &K::max_records)
                     .in(1, 30'000));
  rows.push_back(field("authorization.audit.checkpoint.max_age",
                       "time after which the log is signed, also when nothing happened", at,
                       &A::checkpoint, &K::max_age)
                     .in(1, 86'400));
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

void add_decisions(std::vector<Field>& rows) {
  using C = Config;
  using A = authz::Config;
  using S = authz::ShadowConfig;
  const auto policy = &C::authorization;
  rows.push_back(field("authorization.shadow.policy_dir",
                       "a candidate policy asked beside the enforced one; changes nothing", policy,
                       &A::shadow, &S::policy_dir)
                     .file());
  rows.push_back(
      field("authorization.shadow.data_files", "its data files", policy, &A::shadow, &S::data_files)
          .file());
  rows.push_back(field("authorization.shadow.policy_path",
                       "its package or rule; empty: as the enforced one", policy, &A::shadow,
                       &S::policy_path));
  using D = decisions::Config;
  const auto at = &C::decisions;
  rows.push_back(field("authorization.decisions.enabled",
                       "keep every decision with its input, below state.directory", at,
                       &D::enabled));
  rows.push_back(
      field("authorization.decisions.max_bytes", "what is kept at most", at, &D::max_bytes)
          .in(1U << 20, 1e13));
  rows.push_back(
      field("authorization.decisions.max_age", "how long it is kept at most", at, &D::max_age));
  rows.push_back(field("authorization.decisions.masks",
                       "parts of the input that are never written: JSON pointers below /input", at,
                       &D::masks)
                     .checked(checks::input_pointer, "/input/…")
                     .example("[\"/input/context/params/password\"]"));
  using R = decisions::MaskRule;
  rows.push_back(special("authorization.decisions.mask_rules",
                         "rules after masks, as OPA's system.log.mask has them", Type::maps,
                         mask_rules_slot)
                     .example("[{op: upsert, path: /input/context/params/card, value: \"***\"}]"));
  rows.push_back(choice(
      "authorization.decisions.mask_rules[].op", "remove it, or put a value in its place",
      {name("remove", R::Op::remove), name("upsert", R::Op::upsert)}, at, &D::mask_rules, &R::op));
  rows.push_back(field("authorization.decisions.mask_rules[].path", "a JSON pointer below /input",
                       at, &D::mask_rules, &R::path)
                     .required()
                     .checked(checks::input_pointer, "/input/…"));
  Field value = field("authorization.decisions.mask_rules[].value", "upsert: what is put there", at,
                      &D::mask_rules, &R::value);
  value.type = Type::json;
  rows.push_back(std::move(value).example("\"***\""));
}

void add_decision_logs(std::vector<Field>& rows) {
  using U = decisions::UploadConfig;
  auto const row = [](char const* key, char const* help, auto member) {
    return field(std::string("authorization.decision_logs.") + key, help, &Config::decision_logs,
                 member);
  };
  rows.push_back(
      row("url", "service that decisions are pushed to, in OPA's format; empty = none", &U::url)
          .checked(checks::http_url, "http:// or https://")
          .example("https://decisions.example"));
  rows.push_back(row("resource", "path below url", &U::resource));
  rows.push_back(row("token", "bearer token for the service", &U::token).secret());
  rows.push_back(
      row("ca_path", "PEM trust of an https service; empty = the system's", &U::ca_path).file());
  rows.push_back(row("reporting.min_delay_seconds", "shortest pause between uploads", &U::min_delay)
                     .in(0.01, 86'400));
  rows.push_back(row("reporting.max_delay_seconds",
                     "longest pause; at random in between, less when a batch is full",
                     &U::max_delay)
                     .in(0.01, 86'400));
  rows.push_back(
      row("reporting.upload_size_limit_bytes", "largest body, compressed", &U::upload_size_limit)
          .in(1024, 1U << 30));
  rows.push_back(row("reporting.buffer_size_limit_bytes",
                     "what waits at most; then the oldest are dropped and counted",
                     &U::buffer_size_limit)
                     .in(4096, 1e10));
}

std::vector<Field> make_table() {
  std::vector<Field> rows;
  add_agent(rows);
  add_capabilities(rows);
  add_identity(rows);
  add_authorization(rows);
  add_bundle(rows);
  add_audit(rows);
  add_decisions(rows);
  add_decision_logs(rows);
  add_transport(rows);
  add_server(rows);
  add_limits(rows);
  add_protocol(rows);
  add_run(rows);
  add_secrets(rows);
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
    {"secrets", "what ${secret:NAME} stands for, and who keeps it"},
    {"run", "the command of agentweave run"},
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
