// SPDX-License-Identifier: Apache-2.0
// `agentweave card sign FILE`: adds a signature to a card.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/identity.h"

namespace aw::commands {

struct CardSignOptions {
  std::string card;  // the file; "-" = stdin
  std::string key;   // PEM; empty = the SVID's
  std::string file;  // where it goes; empty = stdout
  IdentityOptions identity;
};

// Replaces an older signature of the same key, keeps those of others. Blocks while the identity
// is fetched, unless `key` is given. Code::key_*, Code::io, identity errors.
Result<void> run_card_sign(CardSignOptions const& options, Context& context);
void register_card_sign(CLI::App& parent, Context& context);

}  // namespace aw::commands
