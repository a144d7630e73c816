// SPDX-License-Identifier: Apache-2.0
// What a capability must be, however its agent is carried. Pure. Not installed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/rego/json_schema.h"
#include "core/sdk/agent.h"

namespace aw::sdk {

using Capabilities = std::map<std::string, Capability, std::less<>>;

// Checks it and adds it; errors of Agent::add_capability.
Result<void> register_capability(Capabilities& known, Capability capability);

// Runs the handler, whatever it does: an exception is Code::internal.
[[nodiscard]] Result<std::string> run_handler(Handler const& handler, Call const& call,
                                              Progress& progress);

}  // namespace aw::sdk
