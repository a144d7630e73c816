// SPDX-License-Identifier: Apache-2.0
// Everything an identity provider knows at one moment, as a whole.
//
// Immutable once published in an io::Watch<Snapshot>. A snapshot without SVIDs means the identity
// was withdrawn: servers stop accepting, clients stop calling.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/clock.h"
#include "core/identity/bundle.h"
#include "core/identity/spiffe_id.h"
#include "core/identity/svid.h"

namespace aw::identity {

using Bundles = std::map<TrustDomain, Bundle>;

// `generation` grows with each of one provider; `received` is wall time.
struct Snapshot {
  std::vector<Svid> svids;  // the first is the default
  Bundles bundles;          // own and federated, by trust domain; never merged
  std::uint64_t generation = 0;
  WallTime received{};

  [[nodiscard]] bool has_identity() const { return !svids.empty(); }
  [[nodiscard]] Svid const& svid() const { return svids.front(); }  // precondition: has_identity()
};

}  // namespace aw::identity
