// SPDX-License-Identifier: Apache-2.0
// `agentweave svid watch`: every update of the identity as it happens.
#pragma once

#include <cstdint>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidWatchOptions {
  WorkloadOptions workload;  // its timeout is for the first update
  std::uint64_t count = 0;   // stop after so many updates; 0 = until interrupted
};

// A line an update, or an object when machine readable; updates include the state's changes to
// unreachable and expired, which `count` does not count. The Workload API may come and go.
Result<Exit> run_svid_watch(SvidWatchOptions const& options, Context& context);
void register_svid_watch(CLI::App& parent, Context& context);

}  // namespace aw::commands
