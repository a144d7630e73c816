// SPDX-License-Identifier: Apache-2.0
// The decision store of an agent, read from outside: beside the one that writes it or after it
// ended.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "commands/support/context.h"
#include "core/decisions/reader.h"

namespace aw::commands {

struct KeptOptions {
  std::string config;  // whose state.directory has it; empty: the search path
  std::string state;   // the state directory itself
};

// --config --state. `options` outlives the tree.
void add_kept_options(CLI::App& command, KeptOptions& options);
// --since, how far back. `since` outlives the tree, and is the default.
void add_since(CLI::App& command, std::string& since);

// Errors: check_failed when the configuration keeps no decisions, state_unusable.
[[nodiscard]] Result<decisions::Reader> open_kept(KeptOptions const& options,
                                                  Context const& context);

// "8h" before now, or a time. Error: usage.
[[nodiscard]] Result<WallTime> parse_since(std::string const& text, WallTime now);

}  // namespace aw::commands
