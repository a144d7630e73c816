// SPDX-License-Identifier: Apache-2.0
// `agentweave card verify TARGET|--file FILE`: is this card signed by the agent it is of?
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/server.h"

namespace aw::commands {

struct CardVerifyOptions {
  ServerOptions server;   // its target may be empty with a file
  std::string file;       // a card as a file instead of a running agent
  std::string spiffe_id;  // whose card the file must be
  std::string key;        // PEM public key or certificate whose signature counts
};

// Exit 7 when it is not.
// Needs a target or a file, one of them: Code::usage. Blocks up to the timeout. A file without
// `spiffe_id` is bound to whoever signed it.
Result<void> run_card_verify(CardVerifyOptions const& options, Context& context);
void register_card_verify(CLI::App& parent, Context& context);

}  // namespace aw::commands
