// SPDX-License-Identifier: Apache-2.0
// `agentweave health`: is the agent well, is it ready?
#pragma once

#include <chrono>
#include <string>

#include "commands/support/context.h"

namespace aw::commands {

struct HealthOptions {
  std::string url = "http://127.0.0.1:9090";
  enum class Question { healthy, ready, alive } question = Question::healthy;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// Exit 0 for a 200, 1 for any other answer, 5 when nobody answers, 124 when too late.
Result<Exit> run_health(HealthOptions const& options, Context& context);
void register_health(CLI::App& parent, Context& context);

}  // namespace aw::commands
