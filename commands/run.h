// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/support/context.h"

namespace aw::commands {

void register_run(CLI::App& parent, Context& context);

}  // namespace aw::commands
