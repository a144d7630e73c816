// SPDX-License-Identifier: Apache-2.0
// `agentweave call TARGET ACTION [PAYLOAD]`: asks an agent to do something, and prints its answer.
#pragma once

#include <string>

#include "commands/support/agent.h"
#include "commands/support/context.h"

namespace aw::commands {

struct CallOptions {
  AgentOptions agent;
  std::string action;
  std::string payload;  // JSON, "-" or "@file"; empty = {}
  enum class Mode { whole, stream } mode = Mode::whole;
};

// Exit 3 when the agent's policy denies.
Result<Exit> run_call(CallOptions const& options, Context& context);
void register_call(CLI::App& parent, Context& context);

}  // namespace aw::commands
