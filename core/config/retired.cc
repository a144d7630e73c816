// SPDX-License-Identifier: Apache-2.0
// Spellings from elsewhere: those we read under another name, and those we refuse to pretend to
// honour. Data only.
#include <array>
#include <charconv>

#include "core/config/schema.h"

namespace aw::config {
namespace {

using Value = Alias::Value;
using Kind = Retired::Kind;

constexpr auto kAliases = std::to_array<Alias>({
    {"metadata.name", "agent.name"},
    {"metadata.version", "agent.version"},
    {"metadata.description", "agent.description"},
    {"identity.trust_domain", "agent.trust_domain"},
    {"identity.spiffe_socket", "identity.spiffe_endpoint", Value::unix_scheme},
    {"identity.spire_socket", "identity.spiffe_endpoint", Value::unix_scheme},
    {"identity.socket_path", "identity.spiffe_endpoint", Value::unix_scheme},
    {"identity.cert_path", "identity.certificate_path"},
    {"identity.key_path", "identity.private_key_path"},
    {"identity.ca_path", "identity.ca_cert_path"},
    {"authorization.engine", "authorization.provider"},
    {"authorization.default_policy", "authorization.default_action"},
    {"authorization.opa_url", "authorization.opa_endpoint"},
    {"authorization.opa.url", "authorization.opa_endpoint"},
    {"authorization.policy_cache_ttl", "authorization.cache_ttl_seconds"},
    {"authorization.cache.ttl_seconds", "authorization.cache_ttl_seconds"},
    {"observability.audit", "authorization.audit"},
    {"observability.audit_log", "authorization.audit"},
    {"transport.tls.min_version", "transport.tls_min_version"},
    {"transport.timeout", "transport.timeout_seconds"},
    {"transport.connect_timeout", "transport.connection_pool.connect_timeout_seconds"},
    {"transport.connection_pool.max_keepalive_seconds",
     "transport.connection_pool.max_lifetime_seconds"},
    {"transport.circuit_breaker.timeout", "transport.circuit_breaker.recovery_timeout_seconds"},
    {"transport.circuit_breaker.recovery_timeout",
     "transport.circuit_breaker.recovery_timeout_seconds"},
    {"transport.retry.backoff_base", "transport.retry.backoff_base_seconds"},
    {"transport.retry.backoff_max", "transport.retry.backoff_max_seconds"},
    {"transport.retry.max_retries", "transport.retry.max_attempts", Value::plus_one},
    {"replay_protection", "replay.mode"},
    {"observability.logging.destination", "observability.logging.output"},
    {"observability.tracing.otlp_endpoint", "observability.tracing.endpoint"},
    {"observability.tracing.sampling_rate", "observability.tracing.sample_rate"},
});

constexpr std::string_view kAlwaysOn = "peers are always verified; remove it";
constexpr std::string_view kFixedSuites = "the TLS 1.3 suites are fixed; remove it";

constexpr auto kRetired = std::to_array<Retired>({
    {"transport.tls_verify", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.verify", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.verify_peer", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.verify_tls", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.verify_ssl", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.ssl_verify", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.verify_hostname", "", "verification cannot be switched", kAlwaysOn,
     Kind::verification},
    {"transport.require_client_cert", "", "verification cannot be switched", kAlwaysOn,
     Kind::verification},
    {"transport.insecure", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.insecure_skip_verify", "", "verification cannot be switched", kAlwaysOn,
     Kind::verification},
    {"transport.tls.verify", "", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"transport.tls.enabled", "true", "TLS cannot be switched off", kAlwaysOn, Kind::verification},
    {"transport.tls_enabled", "true", "TLS cannot be switched off", kAlwaysOn, Kind::verification},
    {"server.tls", "", "TLS cannot be switched", kAlwaysOn, Kind::verification},
    {"server.tls_enabled", "true", "TLS cannot be switched off", kAlwaysOn, Kind::verification},
    {"server.require_client_cert", "true", "verification cannot be switched", kAlwaysOn,
     Kind::verification},
    {"identity.verify", "true", "verification cannot be switched", kAlwaysOn, Kind::verification},
    {"authorization.enabled", "true", "authorization cannot be switched off", "remove it",
     Kind::verification},
    {"transport.tls_max_version", "1.3", "the newest TLS version is always offered", "remove it"},
    {"transport.cipher_suites", "", "cipher suites cannot be chosen", kFixedSuites},
    {"transport.fips_mode", "false", "FIPS mode is not available", "remove it"},
    {"transport.ca_cert_path", "", "trust comes from SPIFFE bundles, not from CA files",
     "federate trust domains instead"},
    {"transport.circuit_breaker.enabled", "true", "the circuit breaker is always on",
     "raise failure_threshold instead"},
    {"transport.circuit_breaker.half_open_requests", "1", "one probe at a time is sent",
     "remove it", Kind::ignored},
    {"transport.retry.backoff_multiplier", "2,2.0", "the pause doubles at each try", "remove it",
     Kind::ignored},
    {"transport.retry.jitter", "true", "retries always have jitter", "remove it", Kind::ignored},
    {"transport.retry.retry_on_errors", "", "which errors are retried is fixed", "remove it",
     Kind::ignored},
    {"identity.lightweight", "false", "there is one identity client, and it is small", "remove it",
     Kind::ignored},
    {"identity.svid_cache_size", "*", "", ""},
    {"identity.bundle_refresh_interval", "*", "", ""},
    {"authorization.opa.enabled", "true", "authorization cannot be switched off", "remove it",
     Kind::verification},
    {"authorization.cache.enabled", "true", "the cache is switched off by its lifetime",
     "write cache_ttl_seconds: 0"},
    {"authorization.cache.eviction_policy", "lru", "the oldest unused decision goes first",
     "remove it", Kind::ignored},
    {"authorization.audit.format", "json", "audit records are JSON", "remove it"},
    {"authorization.audit.include_request_body", "false", "bodies are never recorded", "remove it"},
    {"authorization.audit.include_response_body", "false", "bodies are never recorded",
     "remove it"},
    {"authorization.audit.log_federated", "true", "every decision is recorded", "remove it"},
    {"authorization.audit.log_level", "*", "", ""},
    {"server.protocol", "a2a", "this listener speaks A2A over HTTP (REST and JSON-RPC) only",
     "write a2a, or remove it"},
    {"server.authentication.schemes", "mtls", "callers are authenticated by mutual TLS only",
     "write [mtls], or remove it"},
    {"observability.metrics.include_exemplars", "true",
     "who asks for OpenMetrics gets the exemplars of traces that are kept", "remove it",
     Kind::ignored},
    {"observability.metrics.labels", "", "labels are added by the scraper", "remove it"},
    {"observability.metrics.latency_buckets", "", "the buckets are fixed", "remove it",
     Kind::ignored},
    {"observability.logging.include_caller", "*", "", ""},
    {"observability.logging.include_trace_id", "*", "", ""},
    {"observability.logging.include_stacktrace", "*", "", ""},
    {"observability.logging.default_fields", "", "log lines carry the agent's name only",
     "add fields in the collector", Kind::ignored},
    {"secrets.provider", "", "each secret says who keeps it",
     "secrets.values: [{name: …, from: env, variable: …}]"},
    {"secrets.region", "", "it is AWS's", "secrets.aws.region"},
    {"secrets.directory", "", "each secret says where it is",
     "secrets.values: [{name: …, from: file, file: …}]"},
    {"secrets.command", "", "each secret says how it is printed",
     "secrets.values: [{name: …, from: exec, command: […]}]"},
});

}  // namespace

std::span<const Alias> all_aliases() { return kAliases; }

std::string as_now(std::string value, Alias::Value change) {
  if (change == Alias::Value::unix_scheme && value.starts_with('/')) return "unix://" + value;
  if (change != Alias::Value::plus_one) return value;
  unsigned retries = 0;
  auto const* const last = value.data() + value.size();
  auto const [end, error] = std::from_chars(value.data(), last, retries);
  bool const good = error == std::errc() && end == last && retries < 1000;
  return good ? std::to_string(retries + 1) : value;
}

std::span<const Retired> all_retired() { return kRetired; }

}  // namespace aw::config
