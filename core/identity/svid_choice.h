// SPDX-License-Identifier: Apache-2.0
// Picking one of a workload's SVIDs by the name a person gives it: `call --as client`.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/identity/snapshot.h"

namespace aw::identity {

// `name` is a SPIFFE ID, a hint, or an ID's last path segment, tried in this order; empty = the
// default SVID. Pure. Code::no_svid when there is none, with the known names as the hint.
[[nodiscard]] Result<Svid> choose_svid(Snapshot const& snapshot, std::string_view name);

}  // namespace aw::identity
