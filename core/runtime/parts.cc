// SPDX-License-Identifier: Apache-2.0
// The steps of runtime.cc: each builds one part from those above it.
#include "core/runtime/parts.h"

#include <algorithm>
#include <utility>

#include "core/authz/opa_http.h"
#include "core/authz/past.h"
#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/runtime/descriptors.h"
#include "core/runtime/make_identity.h"
#include "core/server/a2a_upstream.h"
#include "core/server/decision_fields.h"

namespace aw::runtime {
namespace {

constexpr std::size_t kBlockingThreads = 4;
constexpr std::size_t kBlockingQueue = 1024;
constexpr std::size_t kRecentDecisions = 1000;

std::vector<std::string> capability_names(a2a::AgentInfo const& agent) {
  std::vector<std::string> out;
  out.reserve(agent.capabilities.size());
  for (auto const& capability : agent.capabilities) out.push_back(capability.name);
  return out;
}

// "embedded agentweave/authz sha256:9f2c… generation 3 revision r7"
std::string policy_line(authz::ProviderStatus const& status) {
  std::string out = status.kind + " " + status.policy_path;
  if (!status.policy_digest.empty()) out += " " + status.policy_digest;
  if (status.generation > 0) out += " generation " + std::to_string(status.generation);
  if (!status.revision.empty()) out += " revision " + status.revision;
  return out;
}

// Sidecar: a capability without a backend of its own goes to {upstream}/{capability}.
backend::Config backend_of(config::Config const& config, std::size_t index) {
  auto out = config.backends[index];
  if (out.kind != backend::Kind::none) return out;
  out.kind = backend::Kind::http;
  out.url = config.server.upstream;
  if (out.url.ends_with('/')) out.url.pop_back();
  out.url += (out.url.starts_with("unix://") ? ":/" : "/") + config.agent.capabilities[index].name;
  return out;
}

}  // namespace

Result<void> Runtime::Parts::open_log() {
  AW_TRY(log, log::Log::open(config.logging, clock, config.agent.name));
  log->hide(mask);
  log->info(
      log::Component::agent, "Agent starting",
      {{"version", AW_VERSION}, {"environment", config::environment_name(config.environment)}});
  for (auto const& setting : insecure) {
    log->warning(log::Component::agent, "INSECURE setting, refused in production",
                 {{"setting", setting}});
  }
  return {};
}

void Runtime::Parts::count() {
  instruments = std::make_unique<server::Instruments>(metrics, config.agent.name,
                                                      capability_names(config.agent));
  calls = std::make_unique<server::CallMap>(clock, metrics);
  reloads = std::make_unique<Reloads>(*log, metrics, health);
  instruments->insecure_mode.set(insecure.empty() ? 0 : 1);
  metrics.gauge_family("agentweave_build_info", "1; the version is in the label.", {"version"})
      .at({AW_VERSION})
      .set(1);
  metrics.before_scrape([this] { instruments->ready.set(health.ready() ? 1 : 0); });
}

void Runtime::Parts::show_safeguards(Seams const& seams) {
  for (auto const& one : seams.safeguards) {
    bool const active = one.state == Safeguard::State::active;
    auto const state =
        active ? server::CheckResult::State::ok : server::CheckResult::State::degraded;
    health.add(one.name, server::Weight::informs,
               [result = server::CheckResult{state, one.detail}] { return result; });
    log->write(log::Component::agent, active ? log::Level::info : log::Level::warning,
               active ? "Confined" : "Not confined", {{"by", one.name}, {"detail", one.detail}});
  }
  for (auto const& one : seams.checks)
    health.add(one.name, server::Weight::gates_readiness, one.run);
}

void Runtime::Parts::start_loops() {
  loops = std::make_unique<io::Loops>(loops_of(config));
  pool = std::make_unique<io::BlockingPool>(kBlockingThreads, kBlockingQueue);
  client = std::make_unique<http::Client>(config.transport, *pool, clock);
}

void Runtime::Parts::make_room() {
  auto const found = raise_descriptors(config);
  most_connections = found.connections;
  auto result = server::CheckResult{server::CheckResult::State::ok,
                                    std::to_string(found.allowed) + " may be open"};
  if (!found.enough()) {
    result = {server::CheckResult::State::degraded,
              too_few_descriptors(found) + " (" + more_descriptors(found) + ")"};
    log->warning(log::Component::agent, too_few_descriptors(found),
                 {{"hint", more_descriptors(found)}});
  }
  health.add("open files", server::Weight::informs, [result] { return result; });
}

Result<void> Runtime::Parts::open_audit() {
  AW_TRY(audit,
         audit::AuditLog::open(config.audit, {.clock = clock,
                                              .log = *log,
                                              .metrics = metrics,
                                              .agent_name = config.agent.name,
                                              .state_directory = config.server.state.directory}));
  health.add("audit", server::Weight::gates_readiness, [this] {
    auto const status = audit->status();
    if (status.last_error.empty())
      return server::CheckResult{server::CheckResult::State::ok,
                                 "seq " + std::to_string(status.seq)};
    return server::CheckResult{server::CheckResult::State::failed, status.last_error};
  });
  return {};
}

Result<void> Runtime::Parts::take_identity(Seams& seams, std::stop_token const& stop) {
  if (seams.identity) {
    provider = std::move(seams.identity);
  } else {
    AW_TRY(provider, make_identity_provider(config, clock, *log));
  }
  // With a state directory federation may also be added while we run.
  if (!config.identity.federation.empty() || !config.server.state.directory.empty()) {
    AW_TRY(auto federated, federate(config, std::move(provider), clock, *log));
    federation = federated.get();
    provider = std::move(federated);
  }
  AW_TRY(auto spec, credentials_spec(config));
  identity = std::make_unique<IdentityKeeper>(
      IdentityKeeper::Needs{.provider = *provider,
                            .spec = std::move(spec),
                            .on_update = config.identity.on_svid_update,
                            .clock = clock,
                            .log = *log,
                            .metrics = metrics});
  health.add("identity", server::Weight::gates_readiness, [this] { return identity->check(); });
  if (seams.on_svid_update) identity->on_svid_update(std::move(seams.on_svid_update));
  AW_TRY(identity->start(config.identity.first_fetch_timeout, stop));
  identity->audit_to(*audit);
  auto const now = current();
  if (!now) return make_error(Code::no_svid, "the identity was withdrawn at once");
  first_svid = now->snapshot().svid();
  // From here on what the log says is vouched for by who we are.
  audit->sign_with(config.audit.checkpoint, [this]() -> std::optional<identity::Svid> {
    auto const usable = current();
    return usable ? std::optional(usable->snapshot().svid()) : std::nullopt;
  });
  identity->on_svid_update(
      [this](identity::Svid const&) { audit->seal_soon(audit::SealReason::identity); });
  log->info(
      log::Component::identity, "SVID acquired",
      {{"spiffe_id", first_svid->id.text()}, {"expiry", format_rfc3339(first_svid->not_after())}});
  auto const expected = "spiffe://" + config.agent.trust_domain + "/agent/" + config.agent.name;
  if (config.identity.spiffe_id.empty() && first_svid->id.text() != expected) {
    log->info(log::Component::identity,
              "The SVID's id is not the conventional one; the SVID counts",
              {{"expected", expected}});
  }
  return {};
}

// The bundle service, over mutual TLS with our SVID when the configuration names its SPIFFE ID.
Result<std::unique_ptr<authz::BundleSource>> Runtime::Parts::bundle_source() {
  auto const& bundle = config.authorization.bundle;
  std::optional<http::Security> security;
  if (!bundle.server_id.empty()) {
    AW_TRY(auto const server, identity::SpiffeId::parse(bundle.server_id));
    security.emplace();
    security->name = "bundle " + server.text();
    security->context = [this, server]() -> Result<std::shared_ptr<const tls::Context>> {
      auto const now = current();
      if (!now) return make_error(Code::no_svid, "no SVID to fetch the bundle with");
      return now->client_for(server);
    };
    security->check = [server](std::span<const tls::Certificate> chain) -> Result<void> {
      if (chain.empty()) return make_error(Code::peer_unverified, "no certificate");
      AW_TRY(auto const peer, identity::check_leaf(chain.front()));
      if (peer == server) return {};
      return make_error(Code::peer_mismatch,
                        "expected " + server.text() + ", but the peer is " + peer.text());
    };
  }
  return authz::http_bundle_source(bundle, *client, std::move(security));
}

Result<void> Runtime::Parts::open_decisions() {
  decisions::UploadMeters const at_zero(metrics);  // also without a service to push to
  if (config.decision_logs.active()) {
    AW_TRY(decision_logs, decisions::Uploader::start(config.decision_logs, config.decisions,
                                                     {.log = *log,
                                                      .metrics = metrics,
                                                      .input_of = server::input_of,
                                                      .agent_name = config.agent.name}));
  }
  auto const& directory = config.server.state.directory;
  if (directory.empty() || !config.decisions.enabled) return {};
  AW_TRY(fs::make_private_directory(directory));
  AW_TRY(decisions,
         decisions::Store::open(
             std::filesystem::path(directory) / "decisions", config.decisions,
             {.clock = clock, .log = *log, .metrics = metrics, .input_of = server::input_of}));
  return {};
}

// Decisions name their policy by its digest: it must be found when one is asked about later.
void Runtime::Parts::keep_policy(authz::LoadedPolicy const& policy) {
  auto kept = decisions->keep_policy(
      {.digest = policy.digest,
       .document = authz::policy_document(policy, config.authorization.policy_path)});
  if (!kept.ok()) {
    log->failed(log::Component::authz, log::Level::error, "policy not kept", kept.error());
  }
}

Result<void> Runtime::Parts::open_policy(Seams& seams) {
  authz::AuthorizerNeeds const needs{.clock = clock, .log = *log, .metrics = metrics};
  if (seams.authorization) {
    AW_TRY(authorizer,
           authz::Authorizer::around(std::move(seams.authorization), config.authorization, needs));
  } else {
    std::unique_ptr<authz::OpaTransport> transport;
    if (!config.authorization.embedded() && config.authorization.provider == authz::Provider::opa) {
      opa_token = std::make_shared<LiveText>(config.authorization.opa_token);
      AW_TRY(transport,
             authz::http_opa_transport(config.authorization, *client, std::nullopt, opa_token));
    }
    authz::BundleNeeds bundle{.source = nullptr, .state_directory = config.server.state.directory};
    if (!config.authorization.bundle.url.empty()) {
      AW_TRY(bundle.source, bundle_source());
    }
    AW_TRY(authorizer, authz::Authorizer::open(config.authorization, needs, std::move(transport),
                                               std::move(bundle)));
  }
  if (decisions) {
    authorizer->on_policy([this](authz::LoadedPolicy const& policy) { keep_policy(policy); });
  }
  auto const weight = config.server.readiness.require_pdp ? server::Weight::gates_readiness
                                                          : server::Weight::informs;
  health.add("policy", weight, [this] {
    auto const status = authorizer->status();
    switch (status.state) {
      case authz::ProviderStatus::State::ready:
        return server::CheckResult{server::CheckResult::State::ok, policy_line(status)};
      case authz::ProviderStatus::State::degraded:
        return server::CheckResult{server::CheckResult::State::degraded, status.last_error};
      case authz::ProviderStatus::State::unavailable:
        break;
    }
    return server::CheckResult{server::CheckResult::State::failed, status.last_error};
  });
  return {};
}

Result<void> Runtime::Parts::open_card() {
  AW_TRY(card_keys, a2a::CardKeyring::open(config.a2a.card.signing_keys));
  AW_TRY(card_keys->rotate(*first_svid, clock.now()));
  identity->on_svid_update([this](identity::Svid const& svid) {
    if (auto rotated = card_keys->rotate(svid, clock.now()); !rotated.ok()) {
      log->failed(log::Component::identity, log::Level::warning, "card not signed by the new SVID",
                  rotated.error());
    }
  });
  card =
      std::make_unique<a2a::Card>(a2a::CardOptions{.agent = config.agent,
                                                   .spiffe_id = first_svid->id.text(),
                                                   .base_url = {},
                                                   .versions = config.a2a.versions,
                                                   .push = true,
                                                   .made = clock.now(),
                                                   .keys = [this] { return card_keys->keys(); }});
  return {};
}

Result<void> Runtime::Parts::open_tasks() {
  a2a::SqliteTaskStore const* database = nullptr;  // `store`, when it is one
  if (config.server.state.directory.empty()) {
    store = std::make_unique<a2a::MemoryTaskStore>();
  } else {
    AW_TRY(fs::make_private_directory(config.server.state.directory));
    AW_TRY(auto kept, a2a::SqliteTaskStore::open(
                          std::filesystem::path(config.server.state.directory) / a2a::kTasksFile));
    database = kept.get();
    store = std::move(kept);
  }
  a2a::EngineLimits limits;
  limits.max_tasks = config.a2a.max_tasks;
  limits.max_tasks_per_caller = config.a2a.max_tasks_per_caller;
  limits.retention = config.a2a.task_retention;
  auto& deliveries =
      metrics.counter_family("agentweave_push_notifications_total",
                             "Webhook deliveries by what came of an attempt.", {"result"});
  push = std::make_unique<a2a::Push>(
      a2a::PushOptions{
          .allow_private = config.a2a.push.allow_private,
          .counted =
              [delivered = &deliveries.at({"delivered"}), retried = &deliveries.at({"retried"}),
               dropped = &deliveries.at({"dropped"})](a2a::Delivery what) {
                (what == a2a::Delivery::delivered ? delivered
                 : what == a2a::Delivery::retried ? retried
                                                  : dropped)
                    ->add();
              }},
      *store, *log);
  AW_TRY(push->restore());
  engine = std::make_unique<a2a::TaskEngine>(limits, *store, clock);
  engine->observe(*push);
  AW_TRY(auto const interrupted, engine->restore());
  push->keep_only([this](std::string_view task_id) { return engine->holds(task_id); });
  if (database != nullptr) show_unreadable(*database);
  if (interrupted > 0) {
    log->warning(log::Component::a2a, "Tasks that ran when the last process ended were failed",
                 {{"count", std::to_string(interrupted)}});
  }
  return {};
}

Result<void> Runtime::Parts::open_backends(Seams& seams) {
  server::Backends backends;
  server::Upstreams upstreams;
  for (auto& [name, handler] : seams.backends) backends.emplace(name, std::move(handler));
  a2a::ServiceOptions options;
  // Answered (202) before the listener would give the request up.
  options.wait_limit = std::max<std::chrono::nanoseconds>(
      config.limits.request_timeout - std::chrono::seconds(1), config.limits.request_timeout / 2);
  if (seams.wait_limit) options.wait_limit = std::min(options.wait_limit, *seams.wait_limit);
  options.card = card.get();
  options.push = push.get();
  for (std::size_t i = 0; i < config.agent.capabilities.size(); ++i) {
    auto const& capability = config.agent.capabilities[i];
    options.timeouts.emplace(capability.name, capability.timeout);
    if (!capability.parameters.empty()) {
      AW_TRY(auto schema, with_context(rego::JsonSchema::parse(capability.parameters),
                                       "parameters of capability " + capability.name));
      options.parameters.emplace(capability.name, std::move(schema));
    }
    if (seams.executor || backends.contains(capability.name)) continue;
    if (auto const& chosen = config.backends[i]; chosen.kind == backend::Kind::a2a) {
      AW_TRY(auto upstream, with_context(server::A2aUpstream::make(chosen, *client, clock),
                                         "capability " + capability.name));
      upstreams.emplace(capability.name, std::move(upstream));
      continue;
    }
    AW_TRY(auto made,
           with_context(backend::make_backend(
                            backend_of(config, i),
                            {.client = *client, .pool = *pool, .clock = clock, .log = *log}),
                        "capability " + capability.name));
    backends.emplace(capability.name, std::move(made));
    log->info(log::Component::agent, "Registered capability", {{"name", capability.name}});
  }
  dispatch = std::move(seams.executor);
  if (!dispatch) {
    auto made = std::make_unique<server::Dispatch>(std::move(backends), std::move(upstreams));
    own_dispatch = made.get();
    dispatch = std::move(made);
  }
  service = std::make_unique<a2a::Service>(std::move(options), *engine, *dispatch, clock, *log);
  return {};
}

void Runtime::Parts::open_tracing() {
  trace_meters = std::make_unique<trace::Meters>(metrics);
  if (!config.tracing.active()) return;
  auto const& own = config.tracing.service_name;
  trace::Resource resource{
      {"service.name", own.empty() ? "agentweave-" + config.agent.name : own},
      {"service.namespace", "agentweaves"},
      {"service.version", config.agent.version},
      {"service.instance.id", random_uuid()},
      {"telemetry.sdk.name", "agentweave"},
      {"telemetry.sdk.language", "cpp"},
      {"telemetry.sdk.version", AW_VERSION},
      {"agent.spiffe_id", first_svid->id.text()},
  };
  for (auto const& attribute : config.tracing.resource_attributes) {
    auto const equals = attribute.find('=');
    resource.emplace_back(attribute.substr(0, equals), attribute.substr(equals + 1));
  }
  exporter =
      std::make_unique<trace::Exporter>(config.tracing, std::move(resource), *trace_meters, *log);
  tracer = server::Tracer(trace::Sampler(config.tracing), exporter.get(), config.agent.name);
  log->info(log::Component::agent, "Traces are sent",
            {{"endpoint", trace::target_of(config.tracing)}});
}

Result<void> Runtime::Parts::build_gates() {
  router = std::make_unique<a2a::Router>(
      a2a::RouterOptions{.capabilities = capability_names(config.agent),
                         .versions = config.a2a.versions,
                         .max_body = config.limits.max_body_bytes,
                         .extensions = {{.uri = std::string(a2a::kSpiffeExtension)}}});
  AW_TRY(replay,
         server::ReplayGuard::open(config.server.replay, config.server.state.directory, clock));
  rates = std::make_unique<server::RateLimiter>(config.server.rate_limit);
  admission = std::make_unique<server::Admission>(config.server.max_concurrent_requests,
                                                  config.server.max_concurrent_per_caller);
  recent = std::make_unique<server::RecentDecisions>(kRecentDecisions);
  pipeline = std::make_unique<server::Pipeline>(server::Pipeline::Needs{
      .router = *router,
      .service = *service,
      .cards = [this](a2a::CardRequest const& asked) { return card->respond(asked); },
      .authorization = *authorizer,
      .audit = *audit,
      .replay = *replay,
      .rates = *rates,
      .admission = *admission,
      .instruments = *instruments,
      .recent = *recent,
      .tracer = tracer,
      .clock = clock,
      .log = *log,
      .ready = [this] { return health.ready(); },
      .agent_name = config.agent.name,
      .decisions = decisions.get(),
      .decision_logs = decision_logs.get(),
      .policy_path = config.authorization.policy_path,
      .calls = calls.get()});
  return {};
}

Result<void> Runtime::Parts::announce(audit::EventType type, std::string_view reason) {
  auto const what = std::string(R"({"version":")") + AW_VERSION + R"(","environment":")" +
                    std::string(config::environment_name(config.environment)) + "\"}";
  audit::Event event;
  event.type = type;
  event.callee = first_svid->id.text();
  event.reason = reason;
  event.outcome = "success";
  event.context_json = what;
  return audit->record(event);
}

std::shared_ptr<const identity::Credentials> Runtime::Parts::current() const {
  auto const seen = identity->current().latest();
  return seen.value ? seen.value->credentials : nullptr;
}

}  // namespace aw::runtime
