// SPDX-License-Identifier: Apache-2.0
// What happened, as the audit log tells it: one Event becomes one JSON line.
//
// Views into whoever made it: an event is written down at once (AuditLog::record) and gone. Any
// thread. Members left empty are left out of the line, except those a reader relies on (event_type,
// timestamp, agent_name, audit_id).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/code.h"

namespace aw::audit {

enum class EventType {
  auth_check,       // every authorization decision, cached ones too
  capability_call,  // the outcome of a dispatched call
  config_change,
  startup,
  shutdown,
  identity_rotation,
  peer_verification,  // a peer that could not be verified, or was
  policy_update,
  audit_log,   // the log about itself: repaired, rotated
  checkpoint,  // a signed statement about the records before it (checkpoint.h)
};

// none: the event decided nothing.
enum class Decision { none, allow, deny };
// log_only: denied by policy, let through by configuration (development alone).
enum class Mode { enforce, log_only };

struct Event {
  EventType type = EventType::auth_check;
  WallTime time;
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view audit_id;     // made by AuditLog when empty (the decision's id, if there is one)
  std::string_view decision_id;  // the one the caller was told
  std::string_view caller;       // SPIFFE ID
  std::string_view callee;       // SPIFFE ID
  std::string_view action;
  std::string_view resource;
  std::string_view capability;
  std::string_view direction;  // "inbound" | "outbound"
  Decision decision = Decision::none;
  std::string_view outcome;  // "success" | "error" | "failure"
  std::string_view reason;
  std::optional<Code> code;
  std::string_view rule;  // "authz.rego:14"
  std::string_view policy_id;
  std::string_view policy_digest;
  std::uint64_t policy_generation = 0;
  bool cached = false;
  Mode mode = Mode::enforce;
  bool would_deny = false;
  std::optional<std::chrono::nanoseconds> duration;
  std::string_view remote_address;
  std::string_view request_id;
  std::string_view receipt;  // the digest of the call that the other end records too
  std::string_view shadow;   // what the shadow policy said: "agreed", "would_deny", …
  std::string_view task_id;
  std::string_view context_json;  // one JSON object, or empty
};

[[nodiscard]] std::string_view event_type_name(EventType type);  // "AUTH_CHECK"
[[nodiscard]] std::optional<EventType> parse_event_type(std::string_view name);

// The name and moment of a record: the event's own, or what the log made where it has none.
struct Stamp {
  std::string_view audit_id;
  WallTime time;
};

// The members of the event's line, without braces and without the chain's members. `out` is
// appended to.
void append_members(std::string& out, Event const& event, std::string_view agent_name,
                    Stamp const& stamp);
inline void append_members(std::string& out, Event const& event, std::string_view agent_name) {
  append_members(out, event, agent_name, {.audit_id = event.audit_id, .time = event.time});
}

}  // namespace aw::audit
