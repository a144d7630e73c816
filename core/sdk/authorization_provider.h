// SPDX-License-Identifier: Apache-2.0
// Authorization of one's own, in place of OPA or the embedded engine.
//
// It takes the decider's place and nothing else: the audit record, the decision cache, log-only
// mode and every other gate stay as they are.
#pragma once

#include "core/authz/decision.h"

namespace aw::sdk {

using authz::AuthzContext;
using authz::AuthzDecision;
using authz::Direction;

class AuthorizationProvider {
 public:
  virtual ~AuthorizationProvider() = default;
  // Called for each request that is not answered from the cache (authorization.cache_ttl_seconds;
  // 0 = off), in both directions (context.direction), from any thread, several at once. On the
  // request's own loop: it must not block. What it throws denies with Code::internal.
  [[nodiscard]] virtual AuthzDecision authorize(AuthzContext const& context) = 0;
};

}  // namespace aw::sdk
