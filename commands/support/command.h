// SPDX-License-Identifier: Apache-2.0
// How a command is put into the tree, so that help, man pages, docs and completions come out alike.
//
// Called while the tree is built, on one thread. Examples are whole shell lines; a test runs every
// one of them.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/context.h"

namespace aw::commands {

struct CommandText {
  std::string name;                   // "show"
  std::string purpose;                // one line: "Print this workload's current X.509-SVID"
  std::vector<std::string> examples;  // "agentweave svid show -o json"
  std::string details = {};           // paragraphs for the help and the man page
};

// A command that does something. Positional values are never taken for command names, and -o, -q,
// -v, --no-color of the root work after it.
CLI::App& add_command(CLI::App& parent, CommandText const& text);

// A word that only groups commands: `agentweave svid …`. Finds it when it is there already, so that
// each command's file can stand alone.
CLI::App& add_group(CLI::App& parent, std::string const& name, std::string const& purpose);

// What the command does when it was chosen; runs after the whole line parsed.
void on_run(CLI::App& command, Context& context, std::function<Result<void>()> run);
// The same for commands whose product can mean "no": the exit code is the answer.
void on_answer(CLI::App& command, Context& context, std::function<Result<Exit>()> run);

// The examples and details that add_command stored in the footer.
[[nodiscard]] std::vector<std::string> examples_of(CLI::App const& command);
[[nodiscard]] std::string details_of(CLI::App const& command);
[[nodiscard]] bool is_group(CLI::App const& command);

}  // namespace aw::commands
