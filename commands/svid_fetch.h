// SPDX-License-Identifier: Apache-2.0
// `agentweave svid fetch`: the identity as files, for tools that know no SPIFFE (curl, openssl).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidFetchOptions {
  WorkloadOptions workload;
  std::filesystem::path out = ".";
  std::string as;  // SPIFFE ID, hint or last path segment; empty = the default SVID
  // --fd: instead of files, "cert", "key=3": which part goes to which open descriptor (1 without a
  // number). Empty = files.
  std::vector<std::string> descriptors;
};

// Writes svid.pem, svid.key (0600) and bundle.pem, each replaced as a whole; or, with --fd, the
// parts asked for to descriptors that are open already, and nothing to the disk. A key never goes
// to a terminal (Code::usage).
Result<void> run_svid_fetch(SvidFetchOptions const& options, Context& context);
void register_svid_fetch(CLI::App& parent, Context& context);

}  // namespace aw::commands
