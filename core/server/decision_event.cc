// SPDX-License-Identifier: Apache-2.0
#include "core/server/decision_event.h"

#include "core/authz/shadow.h"

namespace aw::server {
namespace {

// A record that is too long is none, and a denial without one would be a way past the log: of what
// callers and policies write, the beginning is kept.
constexpr std::size_t kMostResource = 4096;
constexpr std::size_t kMostTaskId = 1024;
constexpr std::size_t kMostReason = 2048;

std::string_view beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);  // of whole characters
}

void add_facts(audit::Event& event, DecisionFacts const& facts) {
  event.trace_id = facts.trace.trace_id;
  event.span_id = facts.trace.span_id;
  event.decision_id = facts.decision_id;
  event.request_id = facts.decision_id;
  event.caller = facts.caller;
  event.callee = facts.callee;
  event.action = facts.action;
  event.capability = facts.action;
  event.resource = beginning(facts.method, kMostResource);
  event.direction = facts.direction == authz::Direction::inbound ? "inbound" : "outbound";
  event.remote_address = facts.remote_address;
  event.task_id = beginning(facts.task_id, kMostTaskId);
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
  event.reason = beginning(decision.reason, kMostReason);
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
