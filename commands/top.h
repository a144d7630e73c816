// SPDX-License-Identifier: Apache-2.0
// `agentweave top`: who calls an agent and with what luck, live.
#pragma once

#include <chrono>
#include <cstdint>

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace aw::commands {

struct TopOptions {
  enum class Mode : std::uint8_t { live, once };

  AdminOptions admin;
  Mode mode = Mode::live;
  std::chrono::nanoseconds interval = std::chrono::seconds(2);
  std::chrono::nanoseconds window = std::chrono::minutes(1);
};

// Live until Ctrl-C on a terminal; once otherwise, unless the output is jsonl. Errors of
// recent_decisions.
Result<Exit> run_top(TopOptions const& options, Context& context);
void register_top(CLI::App& parent, Context& context);

}  // namespace aw::commands
