// SPDX-License-Identifier: Apache-2.0
// `agentweave version`: which build this is.
#pragma once

#include "commands/support/context.h"

namespace aw::commands {

void register_version(CLI::App& parent, Context& context);

}  // namespace aw::commands
