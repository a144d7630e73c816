// SPDX-License-Identifier: Apache-2.0
#include "commands/completion.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "commands/support/command.h"

namespace aw::commands {

Result<void> run_completion(CompletionOptions const& options, CLI::App const& root,
                            Context& context) {
  context.out << completion_script(describe(root), options.shell);
  return {};
}

void register_completion(CLI::App& root, Context& context) {
  auto options = std::make_shared<CompletionOptions>();
  auto& command = add_command(
      root, {.name = "completion",
             .purpose = "Print the completion script for a shell",
             .examples = {"agentweave completion bash > ~/.local/share/bash-completion/completions/"
                          "agentweave",
                          "agentweave completion zsh", "agentweave completion fish"}});
  command
      .add_option_function<std::string>(
          "SHELL",
          [options](std::string const& name) {
            options->shell = name == "zsh"    ? Shell::zsh
                             : name == "fish" ? Shell::fish
                                              : Shell::bash;
          },
          "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  on_run(command, context,
         [options, &root, &context] { return run_completion(*options, root, context); });
}

}  // namespace aw::commands
