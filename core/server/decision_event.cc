// SPDX-License-Identifier: Apache-2.0
#include "core/server/decision_event.h"

#include "core/authz/shadow.h"

namespace aw::server {
namespace {

void add_facts(audit::Event& event, DecisionFacts const& facts) {
  event.trace_id = facts.trace.trace_id;
  event.span_id = facts.trace.span_id;
  event.decision_id = facts.decision_id;
  event.request_id = facts.decision_id;
  event.caller = facts.caller;
  event.callee = facts.callee;
  event.action = facts.action;
  event.capability = facts.action;
  event.resource = facts.method;
  event.direction = facts.direction == authz::Direction::inbound ? "inbound" : "outbound";
  event.remote_address = facts.remote_address;
  event.task_id = facts.task_id;
  event.receipt = facts.receipt;
}

}  // namespace

audit::Event decision_event(DecisionFacts const& facts, authz::AuthzDecision const& decision,
                            WallTime now) {
  audit::Event event;
  event.type = audit::EventType::auth_check;
  event.time = now;
  add_facts(event, facts);
  event.decision = decision.allowed() ? audit::Decision::allow : audit::Decision::deny;
  event.reason = decision.reason;
  if (!decision.allowed() || decision.would_deny) event.code = decision.code;
  event.rule = decision.rule;
  event.policy_id = decision.policy_id;
  event.policy_digest = decision.policy_digest;
  event.policy_generation = decision.generation;
  event.cached = decision.cached;
  event.mode = decision.would_deny ? audit::Mode::log_only : audit::Mode::enforce;
  event.would_deny = decision.would_deny;
  event.duration = decision.duration;
  event.shadow = authz::shadow_name(decision.shadow_says);
  return event;
}

}  // namespace aw::server
