// SPDX-License-Identifier: Apache-2.0
// Where this process gets its identity, and whose identities it accepts. Plain values; the rows of
// core/config/schema_*.cc fill them. Texts were checked there (schemes, SPIFFE syntax), and are
// parsed into types by whoever uses them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace aw::identity {

// spiffe: the Workload API. mtls_static: files, refused in production and staging. dev: an embedded
// CA, refused likewise.
enum class Provider { spiffe, mtls_static, dev };

// For Provider::mtls_static; PEM files.
struct StaticPaths {
  std::string certificate;  // leaf first
  std::string private_key;  // must not be readable by group or others
  std::string ca;           // the trust bundle of the own trust domain
};

// For Provider::dev.
struct DevConfig {
  std::string socket;  // unix path of the Workload API it serves; empty = in-process only
  std::chrono::nanoseconds svid_ttl = std::chrono::hours(1);
};

// How a bundle endpoint proves itself (SPIFFE Federation §5.2): by a host name of the web, or by a
// SPIFFE ID.
enum class EndpointProfile { https_web, https_spiffe };

// One row of identity.federation.
struct FederationConfig {
  std::string trust_domain;
  std::string url;
  EndpointProfile profile = EndpointProfile::https_web;
  std::string endpoint_spiffe_id;  // https_spiffe
  std::string bootstrap;           // a bundle (SPIFFE JSON) to begin with; needed by https_spiffe
  std::string ca_path;             // https_web: PEM authorities instead of the machine's
};

// Read at start; static files are read again when they change and on SIGHUP.
struct Config {
  Provider provider = Provider::spiffe;
  // unix:///path or tcp://host:port of the SPIFFE Workload API (SPIFFE Workload Endpoint §4).
  std::string spiffe_endpoint = "unix:///run/spire/sockets/agent.sock";
  // What we expect to be; empty = whatever the provider says. A different SVID is a warning only.
  std::string spiffe_id;
  // Besides the own trust domain, which is always allowed. Empty = own only. Never "*".
  std::vector<std::string> allowed_trust_domains;
  // Bundle endpoints of other trust domains; those the Workload API brings need none.
  std::vector<FederationConfig> federation;
  StaticPaths files;
  DevConfig dev;
  std::chrono::nanoseconds first_fetch_timeout = std::chrono::seconds(30);
  // Run (no shell) after each new SVID; empty = none.
  std::vector<std::string> on_svid_update;
};

}  // namespace aw::identity
