// SPDX-License-Identifier: Apache-2.0
#include "core/authz/shadow.h"

#include <exception>

#include "core/authz/embedded.h"
#include "core/base/json.h"

namespace aw::authz {
namespace {

constexpr auto kShadowTime = std::chrono::milliseconds(250);

std::string shadow_json(AuthzDecision const& decision, ShadowSays says) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("says", shadow_name(says));
  w.member("decision", decision.allowed() ? "allow" : "deny").member("reason", decision.reason);
  w.member("rule", decision.rule).member("policy_digest", decision.policy_digest).end_object();
  return out;
}

}  // namespace

std::string_view shadow_name(ShadowSays says) {
  switch (says) {
    case ShadowSays::nothing:
      return "";
    case ShadowSays::agreed:
      return "agreed";
    case ShadowSays::would_deny:
      return "would_deny";
    case ShadowSays::would_allow:
      return "would_allow";
    case ShadowSays::error:
      return "error";
  }
  return "";
}

ShadowPolicy::ShadowPolicy(AuthorizationProvider& inner, Clock const& clock,
                           metrics::Registry& metrics)
    : inner_(inner),
      clock_(clock),
      decisions_(metrics.counter_family("agentweave_authz_shadow_decisions_total",
                                        "What the shadow policy said beside the enforced one.",
                                        {"result"})) {
  for (auto const says :
       {ShadowSays::agreed, ShadowSays::would_deny, ShadowSays::would_allow, ShadowSays::error}) {
    decisions_.at({std::string(shadow_name(says))}).add(0);
  }
}

Result<std::unique_ptr<ShadowPolicy>> ShadowPolicy::open(AuthorizationProvider& inner,
                                                         ShadowConfig const& config,
                                                         std::string const& path,
                                                         Clock const& clock, log::Log& log,
                                                         metrics::Registry& metrics) {
  auto shadow = std::unique_ptr<ShadowPolicy>(new ShadowPolicy(inner, clock, metrics));
  PolicyStore::Options options{
      .location = {.policy_dir = config.policy_dir, .data_files = config.data_files},
      .policy_path = config.policy_path.empty() ? path : config.policy_path};
  AW_TRY(shadow->store_,
         PolicyStore::open(std::move(options), clock, log,
                           std::make_shared<Meters>(shadow->unseen_, std::vector<std::string>{})));
  return shadow;
}

io::Task<AuthzDecision> ShadowPolicy::authorize(AuthzContext const& context) {
  auto decision = co_await inner_.authorize(context);
  try {
    ask(context, decision);
  } catch (std::exception const&) {
    // Whatever goes wrong here must not touch the answer.
    decision.shadow_says = ShadowSays::error;
  }
  co_return decision;
}

void ShadowPolicy::ask(AuthzContext const& context, AuthzDecision& decision) const {
  auto const policy = store_->latest();
  if (policy == nullptr) return;
  rego::EvalOptions options{.now = context.time, .clock = &clock_};
  options.limits.time = kShadowTime;
  auto const other = evaluate_policy(*policy, context, options).decision;
  bool const failed =
      other.code == Code::policy_eval || other.code == Code::policy_result_malformed;
  decision.shadow_says = !other.allowed() && failed              ? ShadowSays::error
                         : other.allowed() == decision.allowed() ? ShadowSays::agreed
                         : other.allowed()                       ? ShadowSays::would_allow
                                                                 : ShadowSays::would_deny;
  decision.shadow = shadow_json(other, decision.shadow_says);
}

std::uint64_t ShadowPolicy::revision() const { return inner_.revision() + store_->generation(); }

void ShadowPolicy::count(AuthzDecision const& decision) {
  if (decision.shadow_says == ShadowSays::nothing) return;
  decisions_.at({std::string(shadow_name(decision.shadow_says))}).add();
}

}  // namespace aw::authz
