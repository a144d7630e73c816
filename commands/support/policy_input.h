// SPDX-License-Identifier: Apache-2.0
// The input document of a policy tool: -i/--input, -I/--stdin-input. Blocks on files and stdin.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "core/rego/value.h"

namespace aw::commands {

// "": none; "-": stdin; "{…}": itself; else a JSON or YAML file.
[[nodiscard]] Result<rego::Value> read_policy_input(std::string const& argument, Context& context);
// `input` outlives the tree.
void add_policy_input(CLI::App& command, std::string& input);

}  // namespace aw::commands
