// SPDX-License-Identifier: Apache-2.0
// Completion scripts made from the command tree: they complete commands, options and their words.
//
// Pure. The scripts stand alone: completing never starts this program.
#pragma once

#include <string>

#include "commands/support/tree.h"

namespace aw::commands {

enum class Shell { bash, zsh, fish };

[[nodiscard]] std::string completion_script(CommandInfo const& root, Shell shell);

}  // namespace aw::commands
