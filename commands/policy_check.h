// SPDX-License-Identifier: Apache-2.0
// `agentweave policy check`: do these policies parse and compile?
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/rego/policy.h"

namespace aw::commands {

struct PolicyCheckOptions {
  std::vector<std::string> paths;
  enum class Kind { files, bundles } kind = Kind::files;
  enum class Format { pretty, json } format = Format::pretty;
  rego::Strictness strictness = rego::Strictness::normal;
};

// Exit 4 when they do not; every fault is printed.
// Everything named is compiled together, as one policy. Code::policy_unreadable for what cannot
// be read.
Result<Exit> run_policy_check(PolicyCheckOptions const& options, Context& context);
void register_policy_check(CLI::App& parent, Context& context);

}  // namespace aw::commands
