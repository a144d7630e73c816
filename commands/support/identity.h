// SPDX-License-Identifier: Apache-2.0
// Who a command is when it calls somebody: an SVID from the Workload API, chosen by --as.
//
// Blocks up to the timeout. The key stays in this process's memory.
#pragma once

#include <chrono>
#include <string>

#include "commands/support/context.h"
#include "core/identity/snapshot.h"
#include "core/identity/workload_endpoint.h"

namespace aw::commands {

struct IdentityOptions {
  std::string socket;  // empty = default_workload_address
  std::string as;      // empty = the default SVID
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// --socket and --as. `options` outlives the tree.
void add_identity_options(CLI::App& command, IdentityOptions& options);

// --socket, else default_workload_address; a bare path is a unix socket.
[[nodiscard]] Result<identity::WorkloadEndpoint> workload_endpoint(std::string const& socket,
                                                                   Context const& context);

// The Workload API's state with the chosen SVID first. `--as` names it by its hint, its last path
// segment or its whole SPIFFE ID. Errors: Code::workload_api_unreachable,
// Code::workload_api_denied, Code::no_svid (none has that name).
[[nodiscard]] Result<identity::Snapshot> fetch_identity(IdentityOptions const& options,
                                                        Context const& context);

}  // namespace aw::commands
