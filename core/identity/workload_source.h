// SPDX-License-Identifier: Apache-2.0
// What a Workload API server hands out: the seam between serving and issuing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/identity/spiffe_id.h"
#include "core/io/watch.h"

namespace aw::identity {

struct IssuedJwt {
  SpiffeId id;
  std::string token;  // a bearer secret
  std::string hint;
};

// Implemented by the development issuer; outlives the server that asks it.
class WorkloadSource {
 public:
  virtual ~WorkloadSource() = default;
  // The current state and its changes; a snapshot without SVIDs = permission denied.
  [[nodiscard]] virtual io::Watch<Snapshot> const& snapshots() const = 0;
  // For `id`, or for every identity there is. Code::workload_api_denied when `id` is none of ours
  // or the identity is withdrawn. Any thread.
  [[nodiscard]] virtual Result<std::vector<IssuedJwt>> issue_jwt(
      std::optional<SpiffeId> const& id, std::vector<std::string> const& audience) = 0;
};

}  // namespace aw::identity
