// SPDX-License-Identifier: Apache-2.0
// Waiting at start-up for the first identity.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "core/base/result.h"
#include "core/identity/provider.h"

namespace aw::identity {

// The first snapshot with an SVID. Blocks up to `timeout`; then the error says why there is none,
// with the provider's own last error and its hint: Code::workload_api_unreachable,
// Code::workload_api_denied, …, Code::no_svid when nothing is known. Code::interrupted once `stop`
// is requested.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> wait_first_snapshot(
    io::Watch<Snapshot> const& watch, IdentityProvider const& provider,
    std::chrono::nanoseconds timeout, std::stop_token const& stop = {});

}  // namespace aw::identity
