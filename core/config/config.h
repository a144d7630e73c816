// SPDX-License-Identifier: Apache-2.0
// The whole configuration as one value: what the loader returns and the composer consumes.
//
// A default-constructed Config has every secure default; only `agent.name` and
// `agent.trust_domain` have none. Immutable after loading; any thread may read.
#pragma once

#include <string_view>
#include <vector>

#include "core/a2a/config.h"
#include "core/audit/config.h"
#include "core/authz/config.h"
#include "core/backend/config.h"
#include "core/base/log.h"
#include "core/decisions/config.h"
#include "core/http/config.h"
#include "core/identity/config.h"
#include "core/metrics/config.h"
#include "core/secrets/config.h"
#include "core/server/config.h"
#include "core/tls/config.h"
#include "core/trace/config.h"

namespace aw::config {

// Staging is as strict as production, except that it may speak TLS 1.2.
enum class Environment { production, staging, development };

[[nodiscard]] std::string_view environment_name(Environment environment);

// Each member is its room's own plain struct, so that no room includes this one. The table
// (schema.h) says which key fills what; nothing else does.
struct Config {
  Environment environment = Environment::production;  // as chosen: flag, variable, file, default
  a2a::AgentInfo agent;
  std::vector<backend::Config> backends;  // parallel to agent.capabilities
  backend::ChildConfig child;             // of `agentweave run`
  secrets::Config secrets;
  identity::Config identity;
  authz::Config authorization;
  audit::Config audit;
  decisions::Config decisions;
  decisions::UploadConfig decision_logs;
  tls::Config tls;
  http::ClientConfig transport;
  http::Limits limits;
  server::Config server;
  a2a::Config a2a;
  a2a::DiscoveryConfig discovery;
  metrics::Config metrics;
  trace::Config tracing;
  log::Config logging;
};

}  // namespace aw::config
