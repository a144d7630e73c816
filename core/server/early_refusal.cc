// SPDX-License-Identifier: Apache-2.0
// What the codec refuses on the agent's listener, on the record: its peer is verified, so who sent
// it is known even where nothing of it could be read.
#include "core/a2a/refusal.h"
#include "core/base/random.h"
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
  record_soon(records(),
              {.facts = facts, .decision = decision, .gate = gate_of(refusal.code), .time = now});
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

}  // namespace aw::server
