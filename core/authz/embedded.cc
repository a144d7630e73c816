// SPDX-License-Identifier: Apache-2.0
#include "core/authz/embedded.h"

#include "core/authz/input.h"
#include "core/authz/interpret.h"
#include "core/rego/near_miss.h"

namespace aw::authz {
namespace {

// The rule that decided, or the one that came closest.
std::string rule_of(rego::Why const& why, AuthzDecision const& decision) {
  if (decision.allowed()) {
    for (auto const& rule : why.rules) {
      if (rule.fired && !rule.is_default && rule.path.ends_with(".allow")) {
        return rule.location.text();
      }
    }
    return {};
  }
  int const named = why.closest >= 0 ? why.closest : why.answered;
  return named < 0 ? std::string() : why.rules[static_cast<std::size_t>(named)].location.text();
}

}  // namespace

PolicyAnswer evaluate_policy(LoadedPolicy const& policy, AuthzContext const& context,
                             rego::EvalOptions const& options) {
  return evaluate_policy(policy, opa_input(context), options);
}

PolicyAnswer evaluate_policy(LoadedPolicy const& policy, rego::Value const& input,
                             rego::EvalOptions const& options) {
  PolicyAnswer out;
  out.outcome = policy.policy->evaluate(policy.query, input, options);
  out.decision = out.outcome.ok() ? interpret_result(out.outcome.value)
                                  : deny("policy_evaluation_error", Code::policy_eval);
  out.decision.policy_digest = policy.digest;
  out.decision.generation = policy.generation;
  out.decision.decided_by = "embedded";
  if (out.outcome.why) out.decision.rule = rule_of(*out.outcome.why, out.decision);
  return out;
}

void find_flips(LoadedPolicy const& policy, AuthzContext const& context,
                rego::EvalOptions const& options, PolicyAnswer& answer) {
  find_flips(policy, opa_input(context), options, answer);
}

void find_flips(LoadedPolicy const& policy, rego::Value const& input,
                rego::EvalOptions const& options, PolicyAnswer& answer) {
  if (!answer.outcome.why || answer.decision.allowed() || !answer.outcome.ok()) return;
  answer.outcome.why->near_misses = rego::find_near_misses(
      {.policy = *policy.policy, .query = policy.query, .input = input, .options = options},
      [](rego::Outcome const& other) {
        return other.ok() && interpret_result(other.value).allowed();
      });
}

EmbeddedPolicy::EmbeddedPolicy(Options options, PolicyStore& store, Clock const& clock,
                               std::shared_ptr<Meters> meters)
    : options_(std::move(options)), store_(store), clock_(clock), meters_(std::move(meters)) {}

AuthzDecision EmbeddedPolicy::decide(AuthzContext const& context) const {
  auto const started = clock_.steady();
  auto const policy = store_.latest();
  if (policy == nullptr) return unavailable("pdp_unavailable: no policy is loaded", {});
  // The instant the question carries, so that it can be asked again later with the same answer.
  rego::EvalOptions options{.now = context.time == WallTime{} ? clock_.now() : context.time,
                            .clock = &clock_};
  options.limits.time = options_.time_limit;
  auto answer = evaluate_policy(*policy, context, options);
  if (answer.decision.code == Code::policy_eval ||
      answer.decision.code == Code::policy_result_malformed) {
    meters_->policy_error();
  }
  answer.decision.duration = clock_.steady() - started;
  return std::move(answer.decision);
}

io::Task<AuthzDecision> EmbeddedPolicy::authorize(AuthzContext const& context) {
  co_return decide(context);
}

ProviderStatus EmbeddedPolicy::status() const {
  ProviderStatus out{.kind = "embedded", .policy_path = options_.policy_path};
  if (auto const policy = store_.latest(); policy != nullptr) {
    out.state = ProviderStatus::State::ready;
    out.policy_digest = policy->digest;
    out.revision = policy->revision;
    out.generation = policy->generation;
    out.rules = policy->rules;
    out.tests = policy->tests;
  }
  out.last_error = store_.last_error();
  bool const ready = out.state == ProviderStatus::State::ready;
  if (ready && !out.last_error.empty()) out.state = ProviderStatus::State::degraded;
  return out;
}

}  // namespace aw::authz
