// SPDX-License-Identifier: Apache-2.0
// `agentweave call TARGET ACTION [PAYLOAD]`: asks an agent to do something, and prints its answer.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/server.h"

namespace aw::commands {

// `payload` becomes a data part of the message, a JSON string a text part.
struct CallOptions {
  ServerOptions server;
  std::string action;
  std::string payload;  // JSON, "-" or "@file"; empty = {}
  std::string task;     // goes on with this one
  std::string context;  // belongs to this conversation
  enum class Mode { whole, stream } mode = Mode::whole;
};

// Exit 3 when the agent's policy denies.
// Blocks until the task is done, asks back, or the timeout; with `stream` the timeout is of each
// silence. Ends with the error that the task or its refusal carries.
Result<Exit> run_call(CallOptions const& options, Context& context);
void register_call(CLI::App& parent, Context& context);

}  // namespace aw::commands
