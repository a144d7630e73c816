// SPDX-License-Identifier: Apache-2.0
// Rows of `authorization`, but for the audit log: who decides, and what is kept of decisions.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot mask_rules_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.decisions.mask_rules.size(); },
                  [&config](std::size_t size) { config.decisions.mask_rules.resize(size); }};
}

}  // namespace

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

}  // namespace aw::config
