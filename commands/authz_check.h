// SPDX-License-Identifier: Apache-2.0
// `agentweave authz check`: what would policy say, and why?
#pragma once

#include <string>

#include "commands/support/authorizer.h"
#include "commands/support/context.h"

namespace aw::commands {

// The question and how much of the answer is shown; flags win over `input`.
struct AuthzCheckOptions {
  std::string caller;
  std::string target;  // empty = the agent of the configuration
  std::string action;
  std::string input;  // JSON: "-", "@file" or a file's name; fills in what flags leave open
  enum class Detail { verdict, trace } detail = Detail::verdict;
  enum class Explain { off, notes, fails, full } explain = Explain::off;
  enum class Expect { anything, allow, deny } expect = Expect::anything;
  PolicyOptions policy;
};

// Exit 0 allowed, 3 denied, 5 or 124 when nobody can decide; with --expect: 0 as expected, 1 not.
Result<Exit> run_authz_check(AuthzCheckOptions const& options, Context& context);
void register_authz_check(CLI::App& parent, Context& context);

}  // namespace aw::commands
