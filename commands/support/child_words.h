// SPDX-License-Identifier: Apache-2.0
// What `agentweave run` tells its command, by environment, and its user, on stderr. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/backend/child.h"
#include "core/config/config.h"
#include "core/runtime/runtime.h"

namespace aw::commands {

// Our own environment without what is meant for us (AGENTWEAVE_*, the supervisor's variables, those
// that secrets are read from); then
// AGENTWEAVE_APP (where to listen), _OUTBOUND, _SPIFFE_ID, _TRUST_DOMAIN, _AGENT, _ENVIRONMENT,
// _ADMIN (without its token), _METRICS; HTTP_PROXY where outbound is a TCP listener, and NO_PROXY
// for this machine unless it is set; last `run.environment`. NAME=value, each name once.
[[nodiscard]] std::vector<std::string> child_environment(Env const& ours,
                                                         config::Config const& config,
                                                         runtime::Listening const& at);

// "in   https :8443 mTLS → …", "out  …", "routes  …".
[[nodiscard]] std::vector<std::string> sidecar_lines(config::Config const& config,
                                                     runtime::Listening const& at,
                                                     std::uint64_t claims_dropped);

// "not ready → waited 5s → drained 3 in-flight (1.1s) → child exit 0".
[[nodiscard]] std::string drain_line(runtime::Drained const& drained,
                                     std::optional<backend::ChildEnd> const& end);

}  // namespace aw::commands
