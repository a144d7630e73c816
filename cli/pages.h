// SPDX-License-Identifier: Apache-2.0
// The pages made from the command tree and the code table: man pages, docs/commands.md,
// docs/exit-codes.md, docs/errors.md.
//
// Pure. The results are committed; a test holds them equal to what these functions make
// (AW_UPDATE=1 rewrites them).
#pragma once

#include <string>
#include <vector>

#include "commands/support/tree.h"

namespace aw::cli {

struct Page {
  std::string path;  // relative to the source tree: "packaging/man/agentweave-svid-show.1"
  std::string text;
};

// Every generated file, the completions included.
[[nodiscard]] std::vector<Page> generated_pages(commands::CommandInfo const& root);

[[nodiscard]] std::string man_page(commands::CommandInfo const& root,
                                   commands::CommandInfo const& command);
[[nodiscard]] std::string commands_page(commands::CommandInfo const& root);
[[nodiscard]] std::string exit_codes_page();
[[nodiscard]] std::string errors_page();

}  // namespace aw::cli
