// SPDX-License-Identifier: Apache-2.0
// `agentweave authz suggest`: the least policy that allows what was allowed, with its data and
// tests.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/kept.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

struct AuthzSuggestOptions {
  KeptOptions kept;           // where the decisions are
  std::string since = "30d";  // a duration or a time
  std::string out;            // directory to write into; empty: print
  std::string package = "agentweave.authz";
};

// Looks at allowed decisions, newest first, up to 100 000 different ones. Code::not_found when
// there is none; Code::io when a file is there already: it is never overwritten.
Result<void> run_authz_suggest(AuthzSuggestOptions const& options, Context& context);
void register_authz_suggest(CLI::App& parent, Context& context);

}  // namespace aw::commands
