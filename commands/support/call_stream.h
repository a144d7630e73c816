// SPDX-License-Identifier: Apache-2.0
// `call --stream`: the agent's events, printed as they come.
#pragma once

#include <chrono>

#include "commands/support/agent.h"
#include "commands/support/context.h"
#include "core/a2a/client.h"

namespace aw::commands {

// Blocks until the stream ends; `patience` bounds the wait for the head and for each next piece.
Result<Exit> stream_call(AgentSession& session, a2a::Invocation what,
                         std::chrono::nanoseconds patience, Context& context);

}  // namespace aw::commands
