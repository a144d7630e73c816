// SPDX-License-Identifier: Apache-2.0
#include "core/authz/meters.h"

#include <algorithm>
#include <array>

namespace aw::authz {
namespace {

using State = io::CircuitBreaker::State;

constexpr std::array kDenials = {Code::denied_by_policy, Code::policy_result_malformed,
                                 Code::policy_eval, Code::decision_timeout, Code::pdp_unavailable};

constexpr std::array<std::pair<State, std::string_view>, 3> kStates = {
    {{State::closed, "closed"}, {State::open, "open"}, {State::half_open, "half_open"}}};

// Smaller is better: a closed breaker beats one that probes beats an open one.
int rank(State state) {
  switch (state) {
    case State::closed:
      return 0;
    case State::half_open:
      return 1;
    case State::open:
      return 2;
  }
  return 2;
}

}  // namespace

Meters::Meters(metrics::Registry& registry, std::vector<std::string> const& endpoints)
    : allowed_(registry.counter("agentweave_authz_allowed_total", "Requests that policy allowed.")),
      denied_(registry.counter_family("agentweave_authz_denied_total",
                                      "Requests that were denied, by reason.", {"reason"})),
      decisions_allow_(registry
                           .counter_family("agentweave_authz_decisions_total",
                                           "Authorization decisions.", {"decision"})
                           .at({"allow"})),
      decisions_deny_(registry
                          .counter_family("agentweave_authz_decisions_total",
                                          "Authorization decisions.", {"decision"})
                          .at({"deny"})),
      would_deny_(registry.counter("agentweave_authz_would_deny_total",
                                   "Requests let through in log-only mode that policy denies.")),
      seconds_(registry
                   .histogram_family("agentweave_authz_check_duration_seconds",
                                     "How long a decision took.", metrics::decision_buckets(), {})
                   .at({})),
      opa_requests_(registry.counter("agentweave_opa_requests_total", "Requests sent to OPA.")),
      opa_errors_(registry.counter("agentweave_opa_errors_total",
                                   "Requests to OPA that brought no usable answer.")),
      policy_errors_(registry.counter("agentweave_authz_policy_errors_total",
                                      "Evaluations that failed or gave no boolean or object.")),
      cache_hits_(
          registry.counter("agentweave_authz_cache_hits_total", "Decisions taken from the cache.")),
      cache_misses_(registry.counter("agentweave_authz_cache_misses_total",
                                     "Decisions that were not in the cache.")),
      breaker_(registry.gauge_family("agentweave_authz_circuit_breaker_state",
                                     "1 for the state each OPA endpoint's breaker is in.",
                                     {"endpoint", "state"})),
      generation_(registry.gauge("agentweave_authz_policy_generation",
                                 "Counts the policies that were in force.")),
      rules_(registry.gauge("agentweave_authz_policy_rules", "Rules in the policy in force.")),
      loaded_(registry.gauge("agentweave_authz_policy_loaded_timestamp_seconds",
                             "When the policy in force came into force; 0 with a remote OPA.")),
      reloads_(registry.counter("agentweave_authz_policy_reloads_total",
                                "Policies that came into force.")),
      reload_errors_(registry.counter("agentweave_authz_policy_reload_errors_total",
                                      "Policies that were refused; the last good one stayed.")),
      info_(registry.gauge_family("agentweave_authz_policy_info",
                                  "1 for the digest of the policy in force.", {"digest"})),
      bundle_fetches_(registry.counter_family("agentweave_authz_bundle_fetches_total",
                                              "Looks at the bundle service, by what they brought.",
                                              {"outcome"})),
      bundle_age_(registry.gauge("agentweave_authz_bundle_age_seconds",
                                 "Time since the bundle service last answered.")),
      bundle_stale_(registry.gauge("agentweave_authz_bundle_stale",
                                   "1 when that is longer than max_staleness.")) {
  for (auto const* const outcome : {"fresh", "unchanged", "failed"}) bundle_fetches_.at({outcome});
  for (auto const code : kDenials) {
    denied_by_code_[code] = &denied_.at({std::string(code_info(code).id)});
  }
  one_hot("", State::closed);
  for (auto const& endpoint : endpoints) one_hot(endpoint, State::closed);
}

void Meters::decided(AuthzDecision const& decision) {
  seconds_.observe(std::chrono::duration<double>(decision.duration).count());
  if (decision.would_deny) would_deny_.add();
  if (decision.allowed()) {
    allowed_.add();
    decisions_allow_.add();
    return;
  }
  decisions_deny_.add();
  if (auto const known = denied_by_code_.find(decision.code); known != denied_by_code_.end()) {
    known->second->add();
  } else {
    denied_.at({std::string(code_info(decision.code).id)}).add();
  }
}

void Meters::one_hot(std::string const& endpoint, State state) {
  for (auto const& [value, name] : kStates) {
    breaker_.at({endpoint, std::string(name)}).set(value == state ? 1 : 0);
  }
}

void Meters::breakers(Endpoints const& endpoints, SteadyTime now) {
  auto best = State::open;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    auto const state = endpoints.at(i).breaker.state(now);
    one_hot(endpoints.at(i).name, state);
    if (rank(state) < rank(best)) best = state;
  }
  one_hot("", endpoints.size() == 0 ? State::closed : best);
}

void Meters::policy_loaded(std::uint64_t generation, std::size_t rules, std::string const& digest,
                           WallTime now) {
  reloads_.add();
  loaded_.set(unix_seconds(now));
  generation_.set(static_cast<double>(generation));
  rules_.set(static_cast<double>(rules));
  if (!digest_.empty()) info_.at({digest_}).set(0);
  // A series cannot be taken away again, so a policy that changes for ever stops making new ones.
  constexpr std::size_t kMostDigests = 256;
  digest_ = digests_++ < kMostDigests ? digest : "other";
  info_.at({digest_}).set(1);
}

void Meters::bundle_fetched(Fetch outcome) {
  auto const* const name = outcome == Fetch::fresh       ? "fresh"
                           : outcome == Fetch::unchanged ? "unchanged"
                                                         : "failed";
  bundle_fetches_.at({name}).add();
}

void Meters::bundle_age(std::chrono::nanoseconds age, std::chrono::nanoseconds most) {
  bool const stale = most.count() > 0 && age > most;
  bundle_age_.set(std::chrono::duration<double>(age).count());
  bundle_stale_.set(stale ? 1 : 0);
}

}  // namespace aw::authz
