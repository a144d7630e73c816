// SPDX-License-Identifier: Apache-2.0
#include "core/audit/event.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/json.h"

namespace aw::audit {
namespace {

constexpr auto kTypeNames = std::to_array<std::pair<EventType, std::string_view>>({
    {EventType::auth_check, "AUTH_CHECK"},
    {EventType::capability_call, "CAPABILITY_CALL"},
    {EventType::config_change, "CONFIG_CHANGE"},
    {EventType::startup, "STARTUP"},
    {EventType::shutdown, "SHUTDOWN"},
    {EventType::identity_rotation, "IDENTITY_ROTATION"},
    {EventType::peer_verification, "PEER_VERIFICATION"},
    {EventType::policy_update, "POLICY_UPDATE"},
    {EventType::audit_log, "AUDIT_LOG"},
    {EventType::checkpoint, "CHECKPOINT"},
});

// Most members are left out when empty: a record is read by people too.
void optional(json::Writer& writer, json::Name name, std::string_view value) {
  if (!value.empty()) writer.member(name, value);
}

// Foreign JSON may hold line breaks between its tokens, or be no JSON at all: written anew, it
// cannot break the line.
void append_context(json::Writer& writer, std::string_view context) {
  if (context.empty()) return;
  if (auto parsed = json::parse(context); parsed.ok()) {
    writer.key("context").raw(parsed->dump());
  } else {
    writer.member("context", context);
  }
}

void append_identities(json::Writer& writer, Event const& event) {
  // Both spellings: `caller_id`/`peer_id` of the first implementation's code, the other of its
  // documentation.
  optional(writer, "caller_id", event.caller);
  optional(writer, "caller_spiffe_id", event.caller);
  optional(writer, "peer_id", event.callee);
  optional(writer, "callee_spiffe_id", event.callee);
  optional(writer, "action", event.action);
  optional(writer, "resource", event.resource);
  optional(writer, "capability", event.capability);
  optional(writer, "direction", event.direction);
}

void append_decision(json::Writer& writer, Event const& event) {
  if (event.decision != Decision::none) {
    writer.member("decision", event.decision == Decision::allow ? "allow" : "deny");
    writer.key("cached").boolean(event.cached);
    writer.member("mode", event.mode == Mode::enforce ? "enforce" : "log-only");
    if (event.would_deny) writer.key("would_deny").boolean(true);
  }
  optional(writer, "shadow", event.shadow);
  optional(writer, "outcome", event.outcome);
  optional(writer, "reason", event.reason);
  if (event.code) writer.member("code", code_name(*event.code));
  optional(writer, "rule", event.rule);
  optional(writer, "policy_id", event.policy_id);
  optional(writer, "policy_digest", event.policy_digest);
  if (event.policy_generation != 0) {
    writer.member("policy_generation", static_cast<std::int64_t>(event.policy_generation));
  }
  if (event.duration) {
    writer.key("duration").decimal(event.duration->count(), 9);
    writer.key("duration_ms").decimal(event.duration->count(), 6);
  }
}

}  // namespace

std::string_view event_type_name(EventType type) {
  for (auto const& [value, name] : kTypeNames) {
    if (value == type) return name;
  }
  return "AUDIT_LOG";
}

std::optional<EventType> parse_event_type(std::string_view name) {
  for (auto const& [value, text] : kTypeNames) {
    if (text == name) return value;
  }
  return std::nullopt;
}

void append_members(std::string& out, Event const& event, std::string_view agent_name,
                    Stamp const& stamp) {
  // The writer wants a whole object; its braces are cut off again, for the chain has members of its
  // own to put around.
  auto const begin = out.size();
  out.reserve(begin + 1024);
  json::Writer writer(out);
  writer.begin_object();
  writer.member("event_type", event_type_name(event.type));
  writer.member("timestamp", Rfc3339(stamp.time).text());
  writer.member("agent_name", agent_name);
  writer.member("audit_id", stamp.audit_id);
  optional(writer, "decision_id", event.decision_id);
  optional(writer, "trace_id", event.trace_id);
  optional(writer, "span_id", event.span_id);
  append_identities(writer, event);
  append_decision(writer, event);
  optional(writer, "remote_address", event.remote_address);
  optional(writer, "request_id", event.request_id);
  optional(writer, "receipt", event.receipt);
  optional(writer, "task_id", event.task_id);
  append_context(writer, event.context_json);
  writer.end_object();
  out.pop_back();
  out.erase(begin, 1);
}

}  // namespace aw::audit
