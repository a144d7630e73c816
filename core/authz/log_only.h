// SPDX-License-Identifier: Apache-2.0
// Development's way out: asks as ever, but lets everything through and says what would have been
// denied. The configuration refuses it in production.
#pragma once

#include "core/authz/authz.h"

namespace aw::authz {

class LogOnly final : public AuthorizationProvider {
 public:
  // `inner` outlives it.
  explicit LogOnly(AuthorizationProvider& inner) : inner_(inner) {}
  // Allows; `would_deny`, `code` and `reason` keep what `inner` said.
  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  // Says log-only in `mode`, so that nobody takes it for enforcement.
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] std::uint64_t revision() const override { return inner_.revision(); }

 private:
  AuthorizationProvider& inner_;
};

// Asks nobody and lets everything through: `authorization.provider: allow-all`, development only.
class AllowAll final : public AuthorizationProvider {
 public:
  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override;
};

}  // namespace aw::authz
