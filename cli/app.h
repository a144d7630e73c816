// SPDX-License-Identifier: Apache-2.0
// The program behind main: a command line in, an exit code out.
//
// Tests call the same functions with a world of their own. One thread; `run` returns when the
// command ended. Never throws, never exits the process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commands/support/context.h"

namespace aw::cli {

// `args` without the program's name.
[[nodiscard]] int run(std::vector<std::string> args, commands::World const& world);

// Parses without running: what does the program make of this line? For the tests of help examples.
[[nodiscard]] int parse_only(std::vector<std::string> args, commands::World const& world);

// The whole tree, for the generators. `context` must outlive it.
struct TreeDeleter {
  void operator()(CLI::App* tree) const;
};
using Tree = std::unique_ptr<CLI::App, TreeDeleter>;
[[nodiscard]] Tree make_tree(commands::Context& context);

}  // namespace aw::cli
