// SPDX-License-Identifier: Apache-2.0
#include "core/config/rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/text.h"
#include "core/config/checks.h"
#include "core/config/production.h"
#include "core/config/secret_rules.h"
#include "core/rego/json_schema.h"

namespace aw::config {
namespace {

using Found = std::vector<Diagnostic>;

void refuse(Found& found, Facts const& facts, Code code, std::string key, std::string message,
            std::string hint = {}) {
  found.push_back(problem(code, facts.place(key), std::move(message), std::move(hint)));
  found.back().key = std::move(key);
}

void warn(Found& found, Facts const& facts, std::string key, std::string message,
          std::string hint = {}) {
  refuse(found, facts, Code::config_suspicious, std::move(key), std::move(message),
         std::move(hint));
  found.back().severity = Severity::warning;
}

// The last finding is about one text of a list: it stands there, not where the list begins.
void point_at_item(Found& found, Facts const& facts, std::string_view key, std::string_view item) {
  const auto list = facts.values.find(key);
  if (list == facts.values.end()) return;
  for (NodePtr const& one : list->second.value->items)
    if (one->text == item) found.back().place = one->at.place();
}

std::string capability_key(std::size_t index, std::string_view name) {
  return indexed("agent.capabilities[]." + std::string(name), index);
}

// The item's own place when the key in it was not given.
std::string item_or(Facts const& facts, std::string const& key, std::size_t index) {
  return facts.given(key) ? key : capability_key(index, "name");
}

void remote_or_embedded(Facts const& facts, Found& found) {
  for (const std::string_view remote :
       {"authorization.opa_endpoint", "authorization.opa_endpoints"}) {
    if (!facts.given(remote) || !facts.config.authorization.embedded()) continue;
    const std::string_view embedded = facts.config.authorization.policy_dir.empty()
                                          ? "authorization.bundle"
                                          : "authorization.policy_dir";
    refuse(found, facts, Code::config_conflict, std::string(remote),
           std::string(remote) + " (remote OPA) and " + std::string(embedded) +
               " (embedded engine) contradict each other",
           "keep one of them");
  }
  if (!facts.config.authorization.data_files.empty() && !facts.config.authorization.embedded()) {
    refuse(found, facts, Code::config_conflict, "authorization.data_files",
           "authorization.data_files is for the embedded engine, but neither policy_dir nor bundle "
           "is set",
           "set policy_dir, or load the data into OPA");
  }
}

// One source of a bundle, verified by one key, over a channel that fits.
void bundle_makes_sense(Facts const& facts, Found& found) {
  auto const& bundle = facts.config.authorization.bundle;
  auto const conflict = [&](std::string key, std::string message, std::string hint) {
    refuse(found, facts, Code::config_conflict, std::move(key), std::move(message),
           std::move(hint));
  };
  if (!bundle.file.empty() && !bundle.url.empty()) {
    conflict("authorization.bundle.url",
             "authorization.bundle.file and authorization.bundle.url contradict each other",
             "keep one of them");
  }
  auto const& verification = bundle.verification;
  if (!verification.public_key.empty() && !verification.secret.empty()) {
    conflict("authorization.bundle.verification.secret",
             "a bundle is verified with a public key or with a secret, not with both",
             "keep one of them");
  }
  bool const hmac = verification.algorithm == "HS256";
  if (hmac != !verification.secret.empty() && !verification.algorithm.empty()) {
    conflict("authorization.bundle.verification.algorithm",
             "HS256 goes with verification.secret, every other algorithm with public_key", "");
  }
  if (bundle.polling.min_delay > bundle.polling.max_delay) {
    conflict("authorization.bundle.polling.min_delay_seconds",
             "min_delay_seconds is longer than max_delay_seconds", "");
  }
  if (!bundle.server_id.empty() && !bundle.url.starts_with("https://")) {
    conflict("authorization.bundle.server_id",
             "authorization.bundle.server_id asks for mutual TLS, but the url is not https", "");
  }
}

void decision_logs_make_sense(Facts const& facts, Found& found) {
  auto const& logs = facts.config.decision_logs;
  if (logs.min_delay > logs.max_delay) {
    refuse(found, facts, Code::config_conflict,
           "authorization.decision_logs.reporting.min_delay_seconds",
           "min_delay_seconds is longer than max_delay_seconds", "");
  }
  for (auto const& rule : facts.config.decisions.mask_rules) {
    bool const puts = rule.op == decisions::MaskRule::Op::upsert;
    if (puts != rule.value.empty()) continue;
    refuse(found, facts, Code::config_conflict, "authorization.decisions.mask_rules",
           puts ? "the mask of " + rule.path + " puts something in and has no value"
                : "the mask of " + rule.path + " removes and has a value",
           puts ? "value: \"***\"" : "op: upsert");
  }
}

void some_destination(Facts const& facts, Found& found) {
  if (facts.config.audit.enabled && facts.config.audit.destinations.empty()) {
    refuse(found, facts, Code::config_missing_key, "authorization.audit.destinations",
           "authorization.audit.destinations is empty", "for example: [stdout]");
  }
  if (!facts.config.authorization.embedded() && facts.config.authorization.opa_endpoints.empty()) {
    refuse(found, facts, Code::config_missing_key, "authorization.opa_endpoints",
           "authorization.opa_endpoints is empty", "name an OPA, or set policy_dir");
  }
  if (facts.config.a2a.versions.empty()) {
    refuse(found, facts, Code::config_missing_key, "a2a.versions", "a2a.versions is empty",
           "for example: [\"1.0\"]");
  }
}

void unique_names(Facts const& facts, Found& found) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < facts.config.agent.capabilities.size(); ++i) {
    const std::string& name = facts.config.agent.capabilities[i].name;
    if (name.empty() || names.insert(name).second) continue;
    refuse(found, facts, Code::config_conflict, capability_key(i, "name"),
           "capability \"" + name + "\" is defined twice", "each name once");
  }
  std::set<std::string_view> ids;
  for (std::size_t i = 0; i < facts.config.discovery.peers.size(); ++i) {
    const std::string& id = facts.config.discovery.peers[i].spiffe_id;
    if (id.empty() || ids.insert(id).second) continue;
    refuse(found, facts, Code::config_conflict, indexed("peers[].id", i),
           "peer " + id + " is listed twice", "each SPIFFE ID once");
  }
}

struct Needs {
  backend::Kind kind;
  std::string_view key;
};
constexpr auto kNeeds = std::to_array<Needs>({
    {backend::Kind::http, "backend.url"},
    {backend::Kind::a2a, "backend.url"},
    {backend::Kind::exec, "backend.command"},
    {backend::Kind::builtin, "backend.name"},
});

void complete_backend(Facts const& facts, std::size_t i, Found& found) {
  backend::Config const& backend = facts.config.backends[i];
  for (const std::string_view key : {"backend.url", "backend.command", "backend.name"}) {
    const bool needed = std::ranges::any_of(kNeeds, [&backend, key](Needs const& one) {
      return one.kind == backend.kind && one.key == key;
    });
    const std::string full = capability_key(i, key);
    if (needed && !facts.given(full)) {
      refuse(found, facts, Code::config_missing_key,
             item_or(facts, capability_key(i, "backend.type"), i), full + " is required",
             "this type of backend needs it");
    } else if (!needed && facts.given(full)) {
      refuse(found, facts, Code::config_conflict, full,
             full + " means nothing to this type of backend", "remove it");
    }
  }
  if (const auto command = capability_key(i, "backend.command");
      backend.kind == backend::Kind::exec && facts.given(command) &&
      (backend.command.empty() || backend.command.front().empty())) {
    refuse(found, facts, Code::config_out_of_range, command, command + " names no program",
           "for example: [\"./report.sh\"]");
  }
  if (const auto headers = capability_key(i, "backend.headers");
      backend.kind != backend::Kind::http && facts.given(headers)) {
    refuse(found, facts, Code::config_conflict, headers,
           headers + " means nothing to this type of backend", "remove it");
  }
  if (const auto binding = capability_key(i, "backend.binding");
      backend.kind != backend::Kind::a2a && backend.binding != backend::Wire::card) {
    refuse(found, facts, Code::config_conflict, binding,
           binding + " means nothing to this type of backend", "remove it");
  }
  if (backend.kind == backend::Kind::builtin && !backend.name.empty() &&
      std::ranges::count(backend::kBuiltins, backend.name) == 0) {
    refuse(found, facts, Code::config_out_of_range, capability_key(i, "backend.name"),
           "there is no builtin backend \"" + backend.name + '"', "echo, greet or status");
  }
}

void backends(Facts const& facts, Found& found) {
  for (std::size_t i = 0; i < facts.config.backends.size(); ++i) {
    backend::Config const& backend = facts.config.backends[i];
    if (backend.kind != backend::Kind::none) {
      complete_backend(facts, i, found);
    } else if (!backend.url.empty() || !backend.command.empty() || !backend.name.empty()) {
      refuse(found, facts, Code::config_missing_key, capability_key(i, "name"),
             capability_key(i, "backend.type") + " is required", "http, a2a, exec or builtin");
    } else if (facts.config.server.upstream.empty() && facts.backends == BackendRule::required) {
      refuse(found, facts, Code::config_missing_key, capability_key(i, "name"),
             "capability \"" + facts.config.agent.capabilities[i].name +
                 "\" has no backend, and server.upstream is not set",
             "for example: backend: {type: http, url: \"http://127.0.0.1:9000\"}");
    }
  }
}

bool leaves_the_machine(std::string_view url) {
  return url.starts_with("http://") && !checks::is_loopback(checks::url_host(url));
}

// The payload and the verified caller's name go to a backend: never over a network in the clear, in
// no environment.
void plain_backends(Facts const& facts, Found& found) {
  const auto check = [&facts, &found](std::string key, std::string const& url) {
    if (!leaves_the_machine(url)) return;
    refuse(found, facts, Code::config_conflict, std::move(key),
           "backend " + url + " would be called without encryption",
           "use a loopback address, a unix socket, or https");
  };
  for (std::size_t i = 0; i < facts.config.backends.size(); ++i) {
    backend::Config const& one = facts.config.backends[i];
    if (one.kind == backend::Kind::http) check(capability_key(i, "backend.url"), one.url);
  }
  check("server.upstream", facts.config.server.upstream);
}

// OPA often stands beside us in a network of its own; that is told, not refused.
void plain_opa(Facts const& facts, Found& found) {
  if (facts.config.environment == Environment::development) return;
  if (facts.config.authorization.embedded()) return;
  const std::string key = facts.given("authorization.opa_endpoints") ? "authorization.opa_endpoints"
                                                                     : "authorization.opa_endpoint";
  for (std::string const& url : facts.config.authorization.opa_endpoints) {
    if (!leaves_the_machine(url)) continue;
    warn(found, facts, key, "the decision crosses the network without TLS: " + url,
         "use https:// or unix://, or keep it on loopback");
    point_at_item(found, facts, key, url);
  }
}

void static_files(Facts const& facts, Found& found) {
  if (facts.config.identity.provider != identity::Provider::mtls_static) return;
  for (const std::string_view key :
       {"identity.certificate_path", "identity.private_key_path", "identity.ca_cert_path"}) {
    if (facts.given(key)) continue;
    refuse(found, facts, Code::config_missing_key, "identity.provider",
           std::string(key) + " is required", "mtls-static reads all three files");
    found.back().key = key;
  }
}

void own_domain(Facts const& facts, Found& found) {
  std::string const& own = facts.config.agent.trust_domain;
  auto const& allowed = facts.config.identity.allowed_trust_domains;
  if (!allowed.empty() && std::ranges::find(allowed, own) == allowed.end() && !own.empty()) {
    warn(found, facts, "identity.allowed_trust_domains",
         "the own trust domain \"" + own + "\" is not listed; it is allowed all the same",
         "list it, so that readers see it");
  }
  std::string const& id = facts.config.identity.spiffe_id;
  constexpr std::size_t kScheme = 9;  // spiffe://
  if (id.size() > kScheme && !own.empty() &&
      id.substr(kScheme, id.find('/', kScheme) - kScheme) != own) {
    refuse(found, facts, Code::config_conflict, "identity.spiffe_id",
           "identity.spiffe_id is not in agent.trust_domain \"" + own + '"', "make them agree");
  }
}

void ports(Facts const& facts, Found& found) {
  Config const& config = facts.config;
  constexpr auto kPlain = std::to_array<std::uint16_t>({80, 3000, 5000, 8000, 8080, 8888});
  if (std::ranges::find(kPlain, config.server.port) != kPlain.end()) {
    warn(found, facts, "server.port",
         "non-standard port " + std::to_string(config.server.port) + ": it suggests plain HTTP",
         "8443 is recommended");
  }
  struct Listener {
    std::string_view key;
    std::uint16_t port;
    bool enabled;
  };
  std::map<std::uint16_t, std::string_view> taken;
  for (Listener const& one :
       {Listener{"server.port", config.server.port, true},
        Listener{"observability.metrics.port", config.metrics.port, config.metrics.enabled},
        Listener{"server.admin.port", config.server.admin.port, config.server.admin.enabled}}) {
    if (!one.enabled || one.port == 0) continue;
    const auto [other, added] = taken.emplace(one.port, one.key);
    if (added) continue;
    const std::string_view at = facts.given(one.key) ? one.key : other->second;
    refuse(found, facts, Code::config_conflict, std::string(at),
           std::string(one.key) + " and " + std::string(other->second) + " are both " +
               std::to_string(one.port),
           "choose another port");
  }
}

void admin_exposed(Facts const& facts, Found& found) {
  server::AdminConfig const& admin = facts.config.server.admin;
  if (!admin.enabled || checks::is_loopback(admin.host)) return;
  warn(found, facts, "server.admin.host",
       "the admin listener is reachable from other machines, without TLS", "use 127.0.0.1");
}

// Two answers for one path: which one a probe gets would be chance.
void metrics_path(Facts const& facts, Found& found) {
  constexpr auto kProbes =
      std::to_array<std::string_view>({"/livez", "/readyz", "/startupz", "/health", "/healthz",
                                       "/health/live", "/health/ready", "/ready"});
  if (std::ranges::find(kProbes, facts.config.metrics.path) == kProbes.end()) return;
  refuse(found, facts, Code::config_conflict, "observability.metrics.path",
         "observability.metrics.path is a probe's path", "for example: /metrics");
}

void replay_state(Facts const& facts, Found& found) {
  if (facts.config.server.replay.mode != server::ReplayMode::required ||
      !facts.config.server.state.directory.empty()) {
    return;
  }
  warn(found, facts, "replay.mode", "the replay set is in memory only and ends with a restart",
       "set state.directory");
}

void verification_stays(Facts const& facts, Found& found) {
  if (facts.config.tls.peer_verification == tls::PeerVerification::strict ||
      facts.config.environment != Environment::development) {
    return;
  }
  warn(found, facts, "transport.peer_verification",
       "peers are verified strictly all the same: no setting removes that gate", "use \"strict\"");
}

// 4317 is OTLP over gRPC, and what the earlier implementation had by default.
void collector_port(Facts const& facts, Found& found) {
  if (!facts.config.tracing.endpoint.ends_with(":4317")) return;
  warn(found, facts, "observability.tracing.endpoint",
       "port 4317 is OTLP over gRPC; traces are sent over HTTP", "collectors take HTTP at 4318");
}

void backoff_order(Facts const& facts, Found& found) {
  http::RetryConfig const& retry = facts.config.transport.retry;
  if (retry.backoff_base <= retry.backoff_max) return;
  const std::string key = facts.given("transport.retry.backoff_base_seconds")
                              ? "transport.retry.backoff_base_seconds"
                              : "transport.retry.backoff_max_seconds";
  refuse(found, facts, Code::config_conflict, key,
         "transport.retry.backoff_base_seconds is larger than backoff_max_seconds");
}

// A bundle without the list lets nobody in; the own domain's authorities are the own source's.
void federation_fits(Facts const& facts, Found& found) {
  auto const& identity = facts.config.identity;
  auto const& allowed = identity.allowed_trust_domains;
  for (std::size_t i = 0; i < identity.federation.size(); ++i) {
    auto const& one = identity.federation[i];
    auto const key = [i](std::string_view name) {
      return indexed("identity.federation[]." + std::string(name), i);
    };
    if (one.trust_domain == facts.config.agent.trust_domain)
      refuse(found, facts, Code::config_conflict, key("trust_domain"),
             "identity.federation names the own trust domain", "remove it");
    else if (std::ranges::find(allowed, one.trust_domain) == allowed.end())
      warn(found, facts, key("trust_domain"),
           "\"" + one.trust_domain + "\" is federated, but not in identity.allowed_trust_domains",
           "list it, or its members stay strangers");
    bool const spiffe = one.profile == identity::EndpointProfile::https_spiffe;
    if (spiffe == one.endpoint_spiffe_id.empty())
      refuse(found, facts, Code::config_conflict, key("url"),
             "endpoint_spiffe_id goes with profile https_spiffe, and with no other", "");
    if (!one.url.starts_with("https://"))
      refuse(found, facts, Code::config_out_of_range, key("url"),
             "a bundle endpoint is https://, not " + one.url, "");
  }
}

// What would not be checked at each call is refused here.
void parameters_are_schemas(Facts const& facts, Found& found) {
  for (std::size_t i = 0; i < facts.config.agent.capabilities.size(); ++i) {
    auto const& text = facts.config.agent.capabilities[i].parameters;
    if (text.empty()) continue;
    auto const schema = rego::JsonSchema::parse(text);
    if (schema.ok()) continue;
    refuse(found, facts, schema.error().code, capability_key(i, "parameters"),
           schema.error().message, "JSON Schema, drafts 4 to 7");
  }
}

constexpr auto kRules = std::to_array<void (*)(Facts const&, Found&)>({
    remote_or_embedded,
    bundle_makes_sense,
    decision_logs_make_sense,
    some_destination,
    unique_names,
    backends,
    plain_backends,
    plain_opa,
    static_files,
    own_domain,
    ports,
    admin_exposed,
    metrics_path,
    replay_state,
    verification_stays,
    backoff_order,
    collector_port,
    parameters_are_schemas,
    federation_fits,
});

}  // namespace

Place Facts::place(std::string_view key) const {
  const auto given_value = values.find(key);
  return given_value == values.end() ? whole : given_value->second.value->at.place();
}

void check_rules(Facts const& facts, std::vector<Diagnostic>& found,
                 std::vector<std::string>& insecure) {
  check_production(facts, found, insecure);
  for (auto* const rule : kRules) rule(facts, found);
  check_secret_values(facts, found);
}

}  // namespace aw::config
