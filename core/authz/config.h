// SPDX-License-Identifier: Apache-2.0
// Who decides, how long it may take, and what happens when it does not answer (it denies). Plain
// values; the rows of core/config/schema_*.cc fill them.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/io/breaker.h"

namespace aw::authz {

enum class Provider { opa, allow_all };         // allow_all: development only
enum class DefaultAction { deny, log_only };    // log_only: development only; would-deny is audited
enum class Failover { round_robin, priority };  // priority: the first endpoint that answers

// A remembered decision may be that old; a new policy makes all of them old at once.
struct CacheConfig {
  std::chrono::nanoseconds ttl = std::chrono::seconds(60);  // zero = off
  std::size_t max_entries = 10'000;
};

// What a bundle must be signed with; empty = unsigned bundles are taken.
struct BundleVerification {
  std::string public_key;  // a PEM file
  std::string secret;      // of HS256; a secret: never print it
  std::string algorithm;   // ES256, ES384, RS256, PS256, EdDSA, HS256; empty = what fits the key
  std::string key_id;      // when set, the only one taken
  std::string scope;

  [[nodiscard]] bool wanted() const { return !public_key.empty() || !secret.empty(); }
};

// Failures back off from a second to max_delay.
struct BundlePolling {
  std::chrono::nanoseconds min_delay = std::chrono::seconds(60);
  std::chrono::nanoseconds max_delay = std::chrono::seconds(120);  // at random in between
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);     // one download
};

// An OPA bundle, from a file or from a bundle service.
struct BundleConfig {
  std::string file;       // a .tar.gz, or a directory laid out like one
  std::string url;        // http://, https:// or unix:///run/x.sock:/path
  std::string token;      // bearer token for the service; a secret: never print it
  std::string ca_path;    // PEM for https; empty = the system's trust
  std::string server_id;  // SPIFFE ID of the service: mutual TLS with our SVID
  BundleVerification verification;
  BundlePolling polling;
  // How long the service may be silent before readiness and metrics say so; zero = never.
  std::chrono::nanoseconds max_staleness = std::chrono::hours(1);

  [[nodiscard]] bool given() const { return !file.empty() || !url.empty(); }
};

// A candidate asked beside the enforced policy; changes nothing. Off without policy_dir.
struct ShadowConfig {
  std::string policy_dir;
  std::vector<std::string> data_files;
  std::string policy_path;  // empty: as the enforced one

  [[nodiscard]] bool given() const { return !policy_dir.empty(); }
};

// policy_dir and bundle may stand together: their modules and data are joined.
struct Config {
  Provider provider = Provider::opa;
  DefaultAction default_action = DefaultAction::deny;

  // Remote OPA: http://, https:// or unix:///path. Never empty unless `embedded()`.
  std::vector<std::string> opa_endpoints = {"http://localhost:8181"};
  Failover failover = Failover::round_robin;
  std::string opa_ca_path;  // PEM for https endpoints; empty = the system's trust
  std::string opa_token;    // bearer token; a secret: never print it
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // one decision, all tries together
  io::BreakerConfig breaker;                                   // one per endpoint

  // Embedded engine, used when policy_dir or bundle is set.
  std::string policy_dir;               // every .rego below it
  std::vector<std::string> data_files;  // JSON or YAML, merged at the root
  BundleConfig bundle;

  std::string policy_path = "agentweave/authz";  // a package or a rule
  CacheConfig cache;
  ShadowConfig shadow;

  [[nodiscard]] bool embedded() const { return !policy_dir.empty() || bundle.given(); }
};

}  // namespace aw::authz
