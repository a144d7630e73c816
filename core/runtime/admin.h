// SPDX-License-Identifier: Apache-2.0
// What the admin listener answers, and what a developer may see of a decision.
#pragma once

#include "core/runtime/parts.h"

namespace aw::runtime {

// `/` (a page for people), /status, /v1/data/system/decisions, /metrics, POST /reload-policy.
// `parts` outlives the routes.
[[nodiscard]] server::PlainRoutes admin_routes_of(Runtime::Parts& parts);

// Development only: the rule, the policy's time, and the closest rule when denied.
[[nodiscard]] server::Explain explain_to_developers(authz::Authorizer& authorizer);

}  // namespace aw::runtime
