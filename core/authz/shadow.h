// SPDX-License-Identifier: Apache-2.0
// A candidate policy asked beside the enforced one: what it says is told, and changes nothing.
//
// The enforced decision is made first and leaves unchanged but for its `shadow` members. A
// candidate that fails, or whose files are bad, says `error`; the last good one stays. Any thread;
// evaluation runs on the awaiter's loop within the engine's bounds.
#pragma once

#include <memory>
#include <string>

#include "core/authz/authz.h"
#include "core/authz/config.h"
#include "core/authz/policy_store.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/metrics/registry.h"

namespace aw::authz {

[[nodiscard]] std::string_view shadow_name(ShadowSays says);  // "agreed", "would_deny", …

// Costs an evaluation a decision that is not remembered.
class ShadowPolicy final : public AuthorizationProvider {
 public:
  // `inner`, `clock` and `log` outlive it. `path`: asked when the candidate names none of its own.
  // Errors: policy_*: a candidate that cannot be loaded at start is a mistake of the configuration.
  static Result<std::unique_ptr<ShadowPolicy>> open(AuthorizationProvider& inner,
                                                    ShadowConfig const& config,
                                                    std::string const& path, Clock const& clock,
                                                    log::Log& log, metrics::Registry& metrics);

  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override { return inner_.status(); }
  // A new candidate makes remembered decisions old, too.
  [[nodiscard]] std::uint64_t revision() const override;

  // Every decision that leaves the room, remembered ones too.
  // Nothing for a decision that no candidate was asked about.
  void count(AuthzDecision const& decision);
  // Reads the candidate's files again. On an error the last good one stays.
  [[nodiscard]] Result<void> reload() { return store_->reload(); }

 private:
  ShadowPolicy(AuthorizationProvider& inner, Clock const& clock, metrics::Registry& metrics);
  void ask(AuthzContext const& context, AuthzDecision& decision) const;

  AuthorizationProvider& inner_;
  Clock const& clock_;
  metrics::Registry unseen_;  // the candidate's loading is not the enforced policy's
  std::unique_ptr<PolicyStore> store_;
  metrics::Family<metrics::Counter>& decisions_;
};

}  // namespace aw::authz
