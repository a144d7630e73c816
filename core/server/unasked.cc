// SPDX-License-Identifier: Apache-2.0
#include "core/server/unasked.h"

#include "core/server/decision_fields.h"

namespace aw::server {
namespace {

// Views into what is given.
decisions::Fields kept_fields(Unasked const& denied) {
  decisions::Fields fields;
  set_facts(fields, denied.facts);
  fields.set(decisions::Text::gate, denied.gate);
  set_decision(fields, denied.decision, denied.time);
  return fields;
}

RecentDecisions::Entry recent_entry(Unasked const& denied) {
  auto const& facts = denied.facts;
  return {.decision_id = facts.decision_id,
          .time = denied.time,
          .trace_id = facts.trace.trace_id,
          .caller = facts.caller,
          .callee = facts.callee,
          .action = facts.action,
          .method = facts.method,
          .remote_address = facts.remote_address,
          .gate = denied.gate,
          .decision = denied.decision};
}

}  // namespace

void record_soon(Records const& records, Unasked const& denied) {
  records.tracer.decided(denied.facts, denied.decision, denied.time);
  auto* const logs = records.decision_logs;
  if (records.decisions != nullptr) {
    std::string frame;  // made once, masks and all, for both
    records.decisions->keep_soon(kept_fields(denied), logs == nullptr ? nullptr : &frame);
    if (logs != nullptr) logs->offer_frame(std::move(frame));
  } else {
    if (logs != nullptr) logs->offer(kept_fields(denied));
    if (records.recent != nullptr) records.recent->add(recent_entry(denied));
  }
  records.audit.record_soon(decision_event(denied.facts, denied.decision, denied.time));
}

}  // namespace aw::server
