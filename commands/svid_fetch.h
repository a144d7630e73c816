// SPDX-License-Identifier: Apache-2.0
// `agentweave svid fetch`: the identity as files, for tools that know no SPIFFE (curl, openssl).
#pragma once

#include <filesystem>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidFetchOptions {
  WorkloadOptions workload;
  std::filesystem::path out = ".";
  std::string as;  // SPIFFE ID, hint or last path segment; empty = the default SVID
};

// Writes svid.pem, svid.key (0600) and bundle.pem, each replaced as a whole.
Result<void> run_svid_fetch(SvidFetchOptions const& options, Context& context);
void register_svid_fetch(CLI::App& parent, Context& context);

}  // namespace aw::commands
