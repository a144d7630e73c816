// SPDX-License-Identifier: Apache-2.0
// `agentweave completion bash|zsh|fish`: the shell's completion script, made from the command tree.
#pragma once

#include "commands/support/completion_script.h"
#include "commands/support/context.h"

namespace aw::commands {

struct CompletionOptions {
  Shell shell = Shell::bash;
};

// `root` is read when the command runs, so later registered commands are in.
Result<void> run_completion(CompletionOptions const& options, CLI::App const& root,
                            Context& context);
void register_completion(CLI::App& root, Context& context);

}  // namespace aw::commands
