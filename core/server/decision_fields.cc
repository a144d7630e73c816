// SPDX-License-Identifier: Apache-2.0
#include "core/server/decision_fields.h"

#include "core/authz/input.h"

namespace aw::server {
namespace {

using decisions::Number;
using decisions::Text;

constexpr std::string_view kInbound = "inbound";
constexpr std::string_view kOutbound = "outbound";

}  // namespace

void set_facts(decisions::Fields& fields, DecisionFacts const& facts) {
  fields.set(Text::id, facts.decision_id);
  fields.set(Text::trace_id, facts.trace.trace_id);
  fields.set(Text::span_id, facts.trace.span_id);
  fields.set(Text::caller, facts.caller);
  fields.set(Text::callee, facts.callee);
  fields.set(Text::action, facts.action);
  fields.set(Text::direction, facts.direction == authz::Direction::inbound ? kInbound : kOutbound);
  fields.set(Text::method, facts.method);
  fields.set(Text::task_id, facts.task_id);
  fields.set(Text::remote_address, facts.remote_address);
}

void set_question(decisions::Fields& fields, authz::AuthzContext const& question) {
  fields.set(Text::caller, question.caller.text());
  fields.set(Text::callee, question.callee.text());
  fields.set(Text::action, question.action);
  fields.set(Text::direction,
             question.direction == authz::Direction::inbound ? kInbound : kOutbound);
  fields.set(Text::method, question.method);
  fields.set(Text::binding, question.binding);
  fields.set(Text::skill, question.skill);
  fields.set(Text::task_id, question.task_id);
  fields.set(Text::context_id, question.context_id);
  fields.set(Text::remote_address, question.remote_address);
  fields.set(Text::request_id, question.request_id);
  fields.set(Text::context_json, question.context_json);
}

void set_decision(decisions::Fields& fields, authz::AuthzDecision const& decision, WallTime time) {
  bool const refused = !decision.allowed() || decision.would_deny;
  fields.set(Number::code, refused ? static_cast<std::uint64_t>(decision.code) : 0);
  fields.set(Text::reason, decision.reason);
  fields.set(Text::rule, decision.rule);
  fields.set(Text::policy_id, decision.policy_id);
  fields.set(Text::policy_digest, decision.policy_digest);
  fields.set(Text::decided_by, decision.decided_by);
  fields.set(Text::shadow, decision.shadow);
  fields.set(Number::time, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  fields.set(Number::duration, static_cast<std::uint64_t>(decision.duration.count()));
  fields.set(Number::generation, decision.generation);
  auto flags = fields.numbers[static_cast<std::size_t>(Number::flags)];
  if (decision.allowed()) flags |= decisions::kAllowed;
  if (decision.cached) flags |= decisions::kCached;
  if (decision.would_deny) flags |= decisions::kWouldDeny;
  fields.set(Number::flags, flags);
}

Result<authz::AuthzContext> question_of(decisions::Entry const& entry) {
  AW_TRY(auto caller, identity::SpiffeId::parse(entry.text(Text::caller)));
  AW_TRY(auto callee, identity::SpiffeId::parse(entry.text(Text::callee)));
  return authz::AuthzContext{.caller = std::move(caller),
                             .callee = std::move(callee),
                             .action = entry.text(Text::action),
                             .direction = entry.text(Text::direction) == kOutbound
                                              ? authz::Direction::outbound
                                              : authz::Direction::inbound,
                             .method = entry.text(Text::method),
                             .binding = entry.text(Text::binding),
                             .skill = entry.text(Text::skill),
                             .task_id = entry.text(Text::task_id),
                             .context_id = entry.text(Text::context_id),
                             .remote_address = entry.text(Text::remote_address),
                             .request_id = entry.text(Text::request_id),
                             .time = entry.time(),
                             .context_json = entry.text(Text::context_json)};
}

std::string input_of(decisions::Entry const& entry) {
  if (!entry.text(Text::input_json).empty()) return entry.text(Text::input_json);
  auto const question = question_of(entry);
  return question.ok() ? authz::opa_input(*question).to_json() : std::string("{}");
}

}  // namespace aw::server
