// SPDX-License-Identifier: Apache-2.0
// The agent's listener, the plain ones beside it, and the gates' settings. Plain values; the rows
// of core/config/schema_*.cc fill them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace aw::server {

// Plain HTTP behind a token: on loopback unless told otherwise.
struct AdminConfig {
  bool enabled = true;
  std::string host = "127.0.0.1";
  std::uint16_t port = 9091;
};

// Token bucket per caller; a rate of zero is off.
struct RateLimitConfig {
  double requests_per_second = 0;
  std::uint32_t burst = 0;  // 0 = one second's worth, at least 1
};

// required: a request without nonce and timestamp is refused. optional: with them it is checked.
enum class ReplayMode { required, optional };

// A timestamp may be that old, or that far ahead, of our clock.
struct ReplayConfig {
  ReplayMode mode = ReplayMode::optional;
  std::chrono::nanoseconds past = std::chrono::seconds(300);
  std::chrono::nanoseconds future = std::chrono::seconds(30);
  std::size_t max_entries_per_caller = 100'000;  // full = refuse, never forget
};

struct ReadinessConfig {
  bool require_pdp = false;  // not ready while no decision point answers
};

// The loopback listener for the agent's own calls; empty = none.
struct OutboundConfig {
  std::string listen;  // 127.0.0.1:8081 or unix:///path
};

// Tasks, replay set, decisions, audit state, the admin token: what survives a restart is below
// it. One process a directory.
struct StateConfig {
  std::string directory;  // empty = memory only
};

// Of these only graceful_shutdown and shutdown_delay change with a reload.
struct Config {
  std::string host = "0.0.0.0";
  std::uint16_t port = 8443;  // 0 = any free one (tests, `dev`)
  std::uint32_t workers = 0;  // event loops; 0 = one per core
  std::string upstream;       // capabilities without a backend go to {upstream}/{capability}
  std::size_t max_concurrent_requests = 1000;
  std::size_t max_concurrent_per_caller = 0;  // of them, for one SPIFFE ID; 0 = all
  std::chrono::nanoseconds graceful_shutdown = std::chrono::seconds(30);
  // Between "not ready" and the closing of the listener, so that balancers notice.
  std::chrono::nanoseconds shutdown_delay = std::chrono::seconds(0);
  AdminConfig admin;
  RateLimitConfig rate_limit;
  ReplayConfig replay;
  ReadinessConfig readiness;
  OutboundConfig outbound;
  StateConfig state;
};

}  // namespace aw::server
