// SPDX-License-Identifier: Apache-2.0
// Help is a promise: every example of every command is at least understood, and those that need no
// running agent are run.
#include <doctest/doctest.h>

#include <sstream>

#include "cli/app.h"
#include "commands/support/tree.h"
#include "shell.h"

namespace {

template <class Visit>
void for_each_command(Visit const& visit) {
  std::istringstream in;
  std::ostringstream out;
  aw::commands::Env const env;
  aw::SystemClock const clock;
  aw::commands::Context context({.in = in, .out = out, .err = out, .env = env, .clock = clock});
  auto const tree = aw::cli::make_tree(context);
  auto const root = aw::commands::describe(*tree);
  for (auto const* command : aw::commands::flatten(root)) visit(*command);
}

}  // namespace

TEST_CASE("every command has a purpose, two examples or a reason for one, and help") {
  for_each_command([](aw::commands::CommandInfo const& command) {
    CAPTURE(command.path);
    CHECK(!command.purpose.empty());
    CHECK(!command.purpose.ends_with('.'));
    if (command.children.empty()) CHECK(!command.examples.empty());
    aw::testing::Shell shell;
    auto const ran = shell.run(command.path + " --help");
    CHECK(ran.exit == 0);
    CHECK(ran.err.empty());
    CHECK(ran.out.starts_with(command.purpose));
  });
}

TEST_CASE("every example in help is a command line the program understands") {
  for_each_command([](aw::commands::CommandInfo const& command) {
    for (auto const& example : command.examples) {
      CAPTURE(example);
      CHECK(example.starts_with(command.path == "agentweave" ? "agentweave " : command.path));
      aw::testing::Shell shell;
      auto const ran = shell.parse_only(example);
      CAPTURE(ran.err);
      CHECK(ran.exit == 0);
    }
  });
}
