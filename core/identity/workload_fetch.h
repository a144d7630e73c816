// SPDX-License-Identifier: Apache-2.0
// One question to a Workload API, one answer: what commands and checks need.
//
// All functions block until the answer or the timeout, any thread. Errors:
// Code::workload_api_unreachable, Code::workload_api_denied, Code::timeout, Code::protocol, and
// those of a malformed answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/jwt_svid.h"
#include "core/identity/snapshot.h"
#include "core/identity/workload_endpoint.h"

namespace aw::identity {

// The current state: the first message of FetchX509SVID.
// Private keys come with it; the message's own copies are wiped.
[[nodiscard]] Result<Snapshot> fetch_snapshot(WorkloadEndpoint const& endpoint,
                                              std::chrono::nanoseconds timeout, WallTime now);

// X.509 and JWT authorities of every trust domain the API knows.
[[nodiscard]] Result<Bundles> fetch_bundles(WorkloadEndpoint const& endpoint,
                                            std::chrono::nanoseconds timeout);

// The token comes back read, not verified: it is our own.
struct JwtRequest {
  std::vector<std::string> audience;  // at least one
  std::optional<SpiffeId> id;         // absent = the default identity
};
[[nodiscard]] Result<JwtSvid> fetch_jwt_svid(WorkloadEndpoint const& endpoint,
                                             JwtRequest const& request,
                                             std::chrono::nanoseconds timeout);

}  // namespace aw::identity
