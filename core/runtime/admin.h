// SPDX-License-Identifier: Apache-2.0
// What the admin listener answers.
#pragma once

#include "core/runtime/parts.h"

namespace aw::runtime {

// `/` (a page for people), /status, /v1/data/system/decisions, /metrics, POST /reload-policy.
// `parts` outlives the routes.
// Runs on the loops; reading the decision store goes to the blocking pool. Who may ask is the
// listener's business (token_check).
[[nodiscard]] server::PlainRoutes admin_routes_of(Runtime::Parts& parts);

}  // namespace aw::runtime
