// SPDX-License-Identifier: Apache-2.0
// `agentweave svid check`: an alarm for monitoring: does the SVID expire soon?
#pragma once

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidCheckOptions {
  WorkloadOptions workload;
  std::string threshold = "25%";  // of its life, or a duration
};

// Exit::threshold when no more than the threshold is left of the default SVID, or nothing in the
// bundle signs it.
Result<Exit> run_svid_check(SvidCheckOptions const& options, Context& context);
void register_svid_check(CLI::App& parent, Context& context);

}  // namespace aw::commands
