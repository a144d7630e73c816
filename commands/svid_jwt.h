// SPDX-License-Identifier: Apache-2.0
// `agentweave svid jwt`: a JWT-SVID for where mTLS is impossible.
#pragma once

#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct SvidJwtOptions {
  WorkloadOptions workload;
  std::vector<std::string> audience;
  std::string as;  // SPIFFE ID, hint or last path segment; empty = the default identity
};

// Prints the token alone: a secret. Blocks up to twice the timeout when `as` is given. Errors of
// identity::fetch_jwt_svid and choose_svid.
Result<void> run_svid_jwt(SvidJwtOptions const& options, Context& context);
void register_svid_jwt(CLI::App& parent, Context& context);

}  // namespace aw::commands
