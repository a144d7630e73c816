// SPDX-License-Identifier: Apache-2.0
// The command tree as plain values: what completions, man pages and docs/commands.md are made of.
//
// `describe` reads the tree and keeps nothing of it. Any thread may use the result.
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"

namespace aw::commands {

// What completes a value: the words it must be, those it is likely to be (word_lists.h), a path.
enum class Completes { nothing, choices, words, file, directory };

struct OptionInfo {
  std::vector<std::string> names;    // {"-o", "--output"}; empty for a positional
  std::string value;                 // "DURATION"; empty for a switch
  std::string purpose;               // one line
  std::string fallback;              // the default, as text; empty when there is none to show
  std::vector<std::string> choices;  // the words, with Completes::choices or words
  Completes completes = Completes::nothing;
  enum class Need { optional, required } need = Need::optional;
  enum class Count { one, many } count = Count::one;

  // "--output", or the longest name there is.
  [[nodiscard]] std::string const& long_name() const;
};

struct CommandInfo {
  std::string path;  // "agentweave svid show"
  std::string name;  // "show"
  std::string purpose;
  std::string details;
  std::vector<std::string> examples;
  std::vector<OptionInfo> positionals;
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> children;

  // `agentweave call TARGET ACTION [PAYLOAD] [OPTIONS]`
  [[nodiscard]] std::string usage() const;
};

[[nodiscard]] CommandInfo describe(CLI::App const& root);

// All commands below and including `root`, depth first, groups before their children.
[[nodiscard]] std::vector<CommandInfo const*> flatten(CommandInfo const& root);

}  // namespace aw::commands
