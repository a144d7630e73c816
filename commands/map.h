// SPDX-License-Identifier: Apache-2.0
// `agentweave map`: the address of the trust map, good for one browser, once.
#pragma once

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace aw::commands {

struct MapOptions {
  AdminOptions admin;
};

// Errors: those of admin_address; check_failed when the admin port does not give a ticket.
[[nodiscard]] Result<void> run_map(MapOptions const& options, Context& context);

void register_map(CLI::App& parent, Context& context);

}  // namespace aw::commands
