// SPDX-License-Identifier: Apache-2.0
#include "core/authz/log_only.h"

namespace aw::authz {

io::Task<AuthzDecision> LogOnly::authorize(AuthzContext const& context) {
  auto decision = co_await inner_.authorize(context);
  if (!decision.allowed()) {
    decision.would_deny = true;
    decision.verdict = Verdict::allow;
    decision.retry_after = {};
  }
  co_return decision;
}

ProviderStatus LogOnly::status() const {
  auto out = inner_.status();
  out.mode = "log-only";
  return out;
}

io::Task<AuthzDecision> AllowAll::authorize(AuthzContext const& /*context*/) {
  auto decision = allow("allow_all");
  decision.decided_by = "allow-all";
  co_return decision;
}

ProviderStatus AllowAll::status() const {
  return {.state = ProviderStatus::State::ready, .kind = "allow-all", .mode = "allow-all"};
}

}  // namespace aw::authz
