// SPDX-License-Identifier: Apache-2.0
// `agentweave svid show`: who this workload is, now.
#pragma once

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidShowOptions {
  WorkloadOptions workload;
};

// Blocks up to the timeout; errors of current_state.
Result<void> run_svid_show(SvidShowOptions const& options, Context& context);
void register_svid_show(CLI::App& parent, Context& context);

}  // namespace aw::commands
