// SPDX-License-Identifier: Apache-2.0
// `agentweave card show TARGET`: the card of a running agent, fetched over mutual TLS.
#pragma once

#include "commands/support/context.h"
#include "commands/support/server.h"

namespace aw::commands {

struct CardShowOptions {
  ServerOptions server;
};

// Asks an agent about each skill too, the first 32: may we? Blocks up to the timeout. A card that
// is not signed is shown, and said to be so.
Result<void> run_card_show(CardShowOptions const& options, Context& context);
void register_card_show(CLI::App& parent, Context& context);

}  // namespace aw::commands
