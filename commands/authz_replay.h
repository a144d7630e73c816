// SPDX-License-Identifier: Apache-2.0
// `agentweave authz replay --since T --against POLICY`: what would another policy have decided?
// Exit 6 when it lets through what was denied.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/kept.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

struct AuthzReplayOptions {
  KeptOptions kept;                     // where the decisions are
  std::string since = "24h";            // a duration or a time
  std::string against;                  // a .rego file or a directory
  std::vector<std::string> data_files;  // beside it
  std::string policy_path;              // empty: as it was asked
  std::vector<std::string> accept;      // actions or decision ids that may be allowed now
  std::string format = "text";          // text, sarif, junit
};

// Asks the candidate every kept question that policy was asked, with its input and at its time;
// one whose input is no JSON any more is left out. Lists at most 1 000 flips, counts all. Errors:
// policy_*, and those of reading the store.
Result<Exit> run_authz_replay(AuthzReplayOptions const& options, Context& context);
void register_authz_replay(CLI::App& parent, Context& context);

}  // namespace aw::commands
