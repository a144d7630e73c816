// SPDX-License-Identifier: Apache-2.0
#include "core/server/tracer.h"

#include "core/base/random.h"

namespace aw::server {
namespace {

using trace::Kind;
using trace::Span;

void add(Span& span, std::string_view key, std::string_view value) {
  if (!value.empty()) span.attributes.push_back({.key = key, .value = value});
}

// A name per capability, never per path: names are what collectors group by.
std::string work_name(DecisionFacts const& facts) {
  std::string_view const what = facts.action.empty() ? "request" : facts.action;
  bool const in = facts.direction == authz::Direction::inbound;
  return std::string(in ? "handle_" : "call_").append(what);
}

void add_facts(Span& span, DecisionFacts const& facts) {
  add(span, "agent.capability", facts.action);
  add(span, "agent.caller.spiffe_id", facts.caller);
  add(span, "agent.target.spiffe_id", facts.callee);
  bool const in = facts.direction == authz::Direction::inbound;
  add(span, "agent.peer.spiffe_id", in ? facts.caller : facts.callee);
  add(span, "agentweave.decision_id", facts.decision_id);
}

}  // namespace

Trace Tracer::begin(std::optional<std::string_view> traceparent) const {
  Trace out = continue_trace(traceparent);
  if (exporter_ == nullptr) return out;
  auto parent = trace::Parent::none;
  if (!out.parent_id.empty())
    parent = out.sampled() ? trace::Parent::sampled : trace::Parent::not_sampled;
  out.kept = sampler_.keeps(out.trace_id, parent);
  out.flags = out.kept ? "01" : "00";
  return out;
}

void Tracer::decided(DecisionFacts const& facts, authz::AuthzDecision const& decision,
                     WallTime now) const {
  if (!facts.trace.kept) return;
  bool const in = facts.direction == authz::Direction::inbound;
  auto const id = random_hex(8);
  Span span{.trace_id = facts.trace.trace_id,
            .span_id = id,
            .parent_span_id = facts.trace.span_id,
            .name = in ? "authz_check_inbound" : "authz_check_outbound",
            .kind = Kind::internal,
            .start = now - std::chrono::duration_cast<WallTime::duration>(decision.duration),
            .end = now,
            .status = trace::Status::unset,
            .message = {},
            .attributes = {}};
  add(span, "span.type", "authorization_check");
  add(span, "agent.name", agent_);
  add(span, "authz.direction", in ? "inbound" : "outbound");
  add(span, "authz.decision", decision.allowed() ? "allow" : "deny");
  add(span, "authz.reason", decision.reason);
  add(span, "authz.rule", decision.rule);
  add(span, "authz.policy_digest", decision.policy_digest);
  add(span, "authz.decided_by", decision.decided_by);
  span.attributes.push_back({.key = "authz.cached", .value = decision.cached});
  std::string code;
  if (!decision.allowed()) code = code_name(decision.code);
  add(span, "agentweave.code", code);
  add_facts(span, facts);
  exporter_->offer(span);
}

void Tracer::answered(DecisionFacts const& facts, Answer const& answer) const {
  if (!facts.trace.kept) return;
  bool const in = facts.direction == authz::Direction::inbound;
  auto const name = work_name(facts);
  auto const status = std::to_string(answer.status);
  Span span{.trace_id = facts.trace.trace_id,
            .span_id = facts.trace.span_id,
            .parent_span_id = facts.trace.parent_id,
            .name = name,
            .kind = in ? Kind::server : Kind::client,
            .start = answer.began,
            .end = answer.ended,
            .status = trace::Status::unset,
            .message = {},
            .attributes = {}};
  add(span, "span.type", in ? "incoming_request" : "outgoing_call");
  add(span, "agent.name", agent_);
  add_facts(span, facts);
  add(span, "agentweave.method", facts.method);
  add(span, "agentweave.task_id", facts.task_id);
  add(span, "network.peer.address", facts.remote_address);
  span.attributes.push_back(
      {.key = "http.response.status_code", .value = std::int64_t{answer.status}});
  std::string code;
  if (answer.code) code = code_name(*answer.code);
  add(span, "agentweave.code", code);
  // A server's span of a refused request is no error of the server's; the client's is.
  if (answer.status >= (in ? 500 : 400)) {
    span.status = trace::Status::error;
    span.message = answer.code ? code : status;
  }
  exporter_->offer(span);
}

}  // namespace aw::server
