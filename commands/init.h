// SPDX-License-Identifier: Apache-2.0
// `agentweave init [DIR]`: a working project to start from.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace aw::commands {

struct InitOptions {
  std::string directory = ".";
  std::string name;          // empty = after the directory
  std::string trust_domain;  // empty = NAME.test
};

// A file that exists is Code::io before anything is written; a name that is none Code::usage.
// When writing fails half way, what was written stays.
Result<void> run_init(InitOptions const& options, Context& context);
void register_init(CLI::App& parent, Context& context);

}  // namespace aw::commands
