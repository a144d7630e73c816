// SPDX-License-Identifier: Apache-2.0
// What the codec refuses, on the record even where nothing of it could be read. On the agent's
// listener its sender is verified; on the outbound one it is our own agent.
#include "core/a2a/refusal.h"
#include "core/base/random.h"
#include "core/server/outbound.h"
#include "core/server/pipeline.h"
#include "core/server/unasked.h"

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

std::optional<std::string_view> traceparent_of(http::EarlyRefusal const& refusal) {
  return refusal.head != nullptr ? refusal.head->headers.get("traceparent") : std::nullopt;
}

// Nothing says in which words its sender would like the answer: a small JSON object.
http::Response answer_to(http::EarlyRefusal const& refusal, std::string const& id) {
  auto out = a2a::refusal({}, {.code = refusal.code, .decision_id = id, .retry_after = {}});
  out.headers.set("x-agentweave-decision-id", id);
  return out;
}

void tell(log::Log& log, http::EarlyRefusal const& refusal, DecisionFacts const& facts) {
  log.write(log::Component::transport, log::Level::info, "Request rejected",
            {{"caller_spiffe_id", facts.caller},
             {"remote", facts.remote_address},
             {"code", code_name(refusal.code)},
             {"status", std::to_string(refusal.status)},
             {"reason", refusal.what},
             {"decision_id", facts.decision_id}});
}

}  // namespace

http::Response Pipeline::refuse_early(Visitor const& visitor, http::EarlyRefusal const& refusal) {
  auto const now = needs_.clock.now();
  auto const id = time_ordered_id(now, "d-");
  auto const method = method_of(refusal);
  auto const trace = needs_.tracer.begin(traceparent_of(refusal));
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
  record_soon(records(),
              {.facts = facts, .decision = decision, .gate = gate_of(refusal.code), .time = now});
  tell(needs_.log, refusal, facts);
  needs_.tracer.answered(
      facts, {.status = refusal.status, .code = refusal.code, .began = now, .ended = now});
  needs_.instruments.request({}, {.status = RequestStatus::denied});
  return answer_to(refusal, id);
}

http::Response Outbound::refuse_early(http::EarlyRefusal const& refusal,
                                      std::string const& remote_address) {
  auto const now = needs_.clock.now();
  auto const id = time_ordered_id(now, "d-");
  auto const method = method_of(refusal);
  auto const trace = needs_.tracer.begin(traceparent_of(refusal));
  auto const credentials = needs_.credentials();
  auto const decision = authz::deny(std::string(code_info(refusal.code).id), refusal.code);
  DecisionFacts const facts{
      .direction = authz::Direction::outbound,
      .trace = trace,
      .decision_id = id,
      .caller = credentials ? std::string_view(credentials->self().text()) : std::string_view(),
      .callee = {},
      .action = {},
      .method = method,
      .task_id = {},
      .remote_address = remote_address};
  refused_.add();
  record_soon(records(),
              {.facts = facts, .decision = decision, .gate = gate_of(refusal.code), .time = now});
  tell(needs_.log, refusal, facts);
  needs_.tracer.answered(
      facts, {.status = refusal.status, .code = refusal.code, .began = now, .ended = now});
  return answer_to(refusal, id);
}

}  // namespace aw::server
