// SPDX-License-Identifier: Apache-2.0
// `agentweave ping TARGET`: is it there, is it who it should be, how long does each phase take?
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "commands/support/agent.h"
#include "commands/support/context.h"

namespace aw::commands {

struct PingOptions {
  AgentOptions agent;
  std::string action;  // empty: policy is asked about "ping", and its answer is only shown
  std::uint32_t count = 1;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
};

// Each round connects anew. Exit 0 when every round reached the agent and proved its identity; 3
// when --action was given and denied; else that of the last failure.
Result<Exit> run_ping(PingOptions const& options, Context& context);
void register_ping(CLI::App& parent, Context& context);

}  // namespace aw::commands
