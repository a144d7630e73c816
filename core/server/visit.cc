// SPDX-License-Identifier: Apache-2.0
#include "core/server/visit.h"

#include "core/base/json.h"
#include "core/server/call_map.h"
#include "core/server/decision_fields.h"

namespace aw::server {
namespace {

std::string context_of(a2a::Operation const& operation) {
  std::string out;
  out.reserve(128 + operation.params.size());
  json::Writer w(out);
  w.begin_object().member("payload_size", static_cast<std::int64_t>(operation.payload_bytes));
  w.member("version", a2a::dialect_name(operation.shape.dialect));
  if (!operation.tenant.empty()) w.member("tenant", operation.tenant);
  if (!operation.part_types.empty()) {
    w.key("part_types").begin_array();
    for (auto const& type : operation.part_types) w.string(type);
    w.end_array().key("part_sizes").begin_array();
    for (auto const size : operation.part_sizes) w.number(static_cast<std::int64_t>(size));
    w.end_array();
  }
  if (!operation.push.url.empty()) w.member("push_url", operation.push.url);
  if (operation.send.push) w.member("push_url", operation.send.push->url);
  // Policy sees small parameters whole; a large payload only by its size.
  constexpr std::size_t kMostParams = 64U << 10U;
  if (!operation.params.empty() && operation.params.size() <= kMostParams) {
    w.key("params").raw(operation.params);
  }
  w.end_object();
  return out;
}

}  // namespace

authz::AuthzContext question_of(Visit const& visit, a2a::Operation const& operation) {
  return {.caller = visit.visitor.peer->id,
          .callee = visit.visitor.self,
          .action = operation.capability,
          .direction = authz::Direction::inbound,
          .method = operation.method,
          .binding = std::string(a2a::binding_name(operation.shape.binding)),
          .skill = operation.skill,
          .task_id = operation.task_id,
          .context_id = operation.context_id,
          .remote_address = visit.visitor.remote_address,
          .request_id = visit.decision_id,
          .time = visit.time,
          .context_json = context_of(operation)};
}

a2a::Caller caller_of(Visit const& visit) {
  return {.id = visit.visitor.peer->id.text(),
          .decision_id = visit.decision_id,
          .xfcc = visit.visitor.peer->xfcc,
          .traceparent = visit.trace.traceparent()};
}

DecisionFacts facts_of(Visit const& visit) {
  return {.direction = authz::Direction::inbound,
          .trace = visit.trace,
          .decision_id = visit.decision_id,
          .caller = visit.visitor.peer->id.text(),
          .callee = visit.visitor.self.text(),
          .action = visit.capability,
          .method = visit.method,
          .task_id = visit.task_id,
          .remote_address = visit.visitor.remote_address,
          .receipt = visit.receipt};
}

void count_call(Visit const& visit, authz::AuthzDecision const& decision) {
  if (visit.visitor.line)
    visit.visitor.line->count(call_outcome(decision), visit.began, visit.decision_id);
}

decisions::Fields kept_fields(Visit const& visit, authz::AuthzDecision const& decision,
                              std::string const& policy_path) {
  using decisions::Text;
  decisions::Fields fields;
  std::uint64_t flags = visit.instead ? decisions::kInstead : 0;
  set_facts(fields, facts_of(visit));
  if (visit.question != nullptr) {
    set_question(fields, *visit.question);
    flags |= decisions::kAsked;
    fields.set(Text::policy_path, policy_path);
  }
  fields.set(decisions::Number::flags, flags);
  fields.set(Text::gate, decision.allowed() ? "dispatch" : visit.gate);
  set_decision(fields, decision, visit.time);
  return fields;
}

}  // namespace aw::server
