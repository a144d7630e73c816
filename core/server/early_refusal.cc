// SPDX-License-Identifier: Apache-2.0
// What the codec refuses on the agent's listener, on the record: its peer is verified, so who sent
// it is known even where nothing of it could be read.
#include "core/a2a/refusal.h"
#include "core/base/random.h"
#include "core/server/decision_event.h"
#include "core/server/decision_fields.h"
#include "core/server/pipeline.h"
#include "core/server/trace.h"

namespace aw::server {
namespace {

// How far it came.
std::string_view gate_of(Code code) {
  return code == Code::request_malformed ? "understood" : "limits";
}

std::string method_of(http::EarlyRefusal const& refusal) {
  if (refusal.head == nullptr) return {};
  return refusal.head->method + " " + std::string(refusal.head->path);
}

// Views into what is given.
decisions::Fields kept_fields(DecisionFacts const& facts, authz::AuthzDecision const& decision,
                              WallTime time) {
  decisions::Fields fields;
  set_facts(fields, facts);
  fields.set(decisions::Text::gate, gate_of(decision.code));
  set_decision(fields, decision, time);
  return fields;
}

}  // namespace

http::Response Pipeline::refuse_early(Visitor const& visitor, http::EarlyRefusal const& refusal) {
  auto const now = needs_.clock.now();
  auto const id = time_ordered_id(now, "d-");
  auto const method = method_of(refusal);
  auto const trace = needs_.tracer.begin(
      refusal.head != nullptr ? refusal.head->headers.get("traceparent") : std::nullopt);
  auto const decision = authz::deny(std::string(code_info(refusal.code).id), refusal.code);
  DecisionFacts const facts{.trace = trace,
                            .decision_id = id,
                            .caller = visitor.peer->id.text(),
                            .callee = visitor.self.text(),
                            .action = {},
                            .method = method,
                            .task_id = {},
                            .remote_address = visitor.remote_address};
  needs_.instruments.refused(refusal.code);
  if (visitor.line)
    visitor.line->count(call_outcome(decision), needs_.clock.steady(), facts.decision_id);
  record_soon(facts, decision, now);
  needs_.log.write(log::Component::transport, log::Level::info, "Request rejected",
                   {{"caller_spiffe_id", facts.caller},
                    {"remote", facts.remote_address},
                    {"code", code_name(refusal.code)},
                    {"status", std::to_string(refusal.status)},
                    {"reason", refusal.what},
                    {"decision_id", id}});
  needs_.tracer.answered(
      facts, {.status = refusal.status, .code = refusal.code, .began = now, .ended = now});
  needs_.instruments.request({}, {.status = RequestStatus::denied});
  // Nothing says in which words its sender would like the answer: a small JSON object.
  auto out = a2a::refusal({}, {.code = refusal.code, .decision_id = id, .retry_after = {}});
  out.headers.set("x-agentweave-decision-id", id);
  return out;
}

// With the turn's other records: many deadlines pass at once where a peer means it.
void Pipeline::record_soon(DecisionFacts const& facts, authz::AuthzDecision const& decision,
                           WallTime now) {
  needs_.tracer.decided(facts, decision, now);
  auto const fields = kept_fields(facts, decision, now);
  auto* const logs = needs_.decision_logs;
  if (needs_.decisions != nullptr) {
    std::string frame;  // made once, masks and all, for both
    needs_.decisions->keep_soon(fields, logs == nullptr ? nullptr : &frame);
    if (logs != nullptr) logs->offer_frame(std::move(frame));
  } else {
    if (logs != nullptr) logs->offer(fields);
    needs_.recent.add({.decision_id = facts.decision_id,
                       .time = now,
                       .trace_id = facts.trace.trace_id,
                       .caller = facts.caller,
                       .callee = facts.callee,
                       .action = {},
                       .method = facts.method,
                       .remote_address = facts.remote_address,
                       .gate = gate_of(decision.code),
                       .decision = decision});
  }
  needs_.audit.record_soon(decision_event(facts, decision, now));
}

}  // namespace aw::server
