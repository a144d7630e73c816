// SPDX-License-Identifier: Apache-2.0
// Decides with the embedded engine: no network, no waiting.
//
// Any thread; evaluation runs on the awaiter's loop and is bounded in steps and time.
#pragma once

#include <memory>
#include <string>

#include "core/authz/authz.h"
#include "core/authz/policy_store.h"

namespace aw::authz {

class EmbeddedPolicy final : public AuthorizationProvider {
 public:
  struct Options {
    std::string policy_path;
    // Upper bound on one evaluation; reaching it denies.
    std::chrono::nanoseconds time_limit = std::chrono::milliseconds(250);
  };
  // `store` and `clock` outlive it.
  EmbeddedPolicy(Options options, PolicyStore& store, Clock const& clock,
                 std::shared_ptr<Meters> meters);

  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] std::uint64_t revision() const override { return store_.generation(); }

  // The same without a coroutine around it.
  // Without a policy: pdp_unavailable. An evaluation that fails or runs into its bounds denies
  // with policy_eval.
  [[nodiscard]] AuthzDecision decide(AuthzContext const& context) const;

 private:
  Options const options_;
  PolicyStore& store_;
  Clock const& clock_;
  std::shared_ptr<Meters> const meters_;
};

// Evaluates with a full why-record; what `authz check --trace` shows. Pure.
// The decision, and the engine's own outcome it was read from.
struct PolicyAnswer {
  AuthzDecision decision;
  rego::Outcome outcome;
};
[[nodiscard]] PolicyAnswer evaluate_policy(LoadedPolicy const& policy, AuthzContext const& context,
                                           rego::EvalOptions const& options);
[[nodiscard]] PolicyAnswer evaluate_policy(LoadedPolicy const& policy, rego::Value const& input,
                                           rego::EvalOptions const& options);
// Fills in the near misses of an answer that denies: many evaluations, for people who ask why.
// Nothing for an answer that allows, failed, or was made without reasons.
void find_flips(LoadedPolicy const& policy, AuthzContext const& context,
                rego::EvalOptions const& options, PolicyAnswer& answer);
void find_flips(LoadedPolicy const& policy, rego::Value const& input,
                rego::EvalOptions const& options, PolicyAnswer& answer);

}  // namespace aw::authz
