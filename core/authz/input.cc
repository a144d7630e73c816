// SPDX-License-Identifier: Apache-2.0
#include "core/authz/input.h"

#include <vector>

namespace aw::authz {
namespace {

using rego::Value;

class ObjectBuilder {
 public:
  void add(std::string_view name, Value value) {
    entries_.push_back({Value::string(name), std::move(value)});
  }
  // Text that is not known is left out: `input.skill` is then undefined, as a policy expects.
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, Value::string(value));
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] Value build() { return Value::object(std::move(entries_)); }

 private:
  std::vector<rego::Entry> entries_;
};

Value identity_object(identity::SpiffeId const& id) {
  ObjectBuilder out;
  out.text("spiffe_id", id.text());
  out.text("trust_domain", id.trust_domain().name());
  out.text("path", id.path());
  out.text("name", id.last_segment());
  return out.build();
}

// What came with the request, with what this process knows on top: a caller cannot overwrite it.
Value context_object(AuthzContext const& context, Value const& given) {
  ObjectBuilder known;
  known.text("remote_addr", address_without_port(context.remote_address));
  known.text("request_id", context.request_id);
  if (!given.is(rego::Kind::object)) return known.build();
  return rego::merge(given, known.build());
}

Value request_object(AuthzContext const& context, Value const& given, std::string_view timestamp) {
  ObjectBuilder out;
  out.text("method", context.method.empty() ? context.action : context.method);
  out.text("action", context.action);
  out.text("timestamp", timestamp);
  if (auto const* params = given.find("params"); params != nullptr) out.add("params", *params);
  return out.build();
}

}  // namespace

std::string_view address_without_port(std::string_view remote_address) {
  if (remote_address.starts_with('[')) {
    auto const close = remote_address.find(']');
    return close == std::string_view::npos ? remote_address : remote_address.substr(1, close - 1);
  }
  auto const colon = remote_address.find(':');
  if (colon == std::string_view::npos) return remote_address;
  // More than one colon without brackets: a bare IPv6 address.
  if (remote_address.find(':', colon + 1) != std::string_view::npos) return remote_address;
  return remote_address.substr(0, colon);
}

Value opa_input(AuthzContext const& context) {
  Value given;
  if (!context.context_json.empty()) {
    if (auto parsed = rego::parse_json(context.context_json); parsed.ok()) given = *parsed;
  }
  auto const timestamp = format_rfc3339(context.time);
  ObjectBuilder out;
  out.text("caller_spiffe_id", context.caller.text());
  out.text("callee_spiffe_id", context.callee.text());
  out.text("resource_spiffe_id", context.callee.text());
  out.text("caller_trust_domain", context.caller.trust_domain().name());
  out.text("callee_trust_domain", context.callee.trust_domain().name());
  out.text("resource_trust_domain", context.callee.trust_domain().name());
  out.text("action", context.action);
  out.text("direction", context.direction == Direction::inbound ? "inbound" : "outbound");
  out.text("method", context.method);
  out.text("binding", context.binding);
  out.text("skill", context.skill);
  out.text("task_id", context.task_id);
  out.text("context_id", context.context_id);
  out.text("timestamp", timestamp);
  out.add("caller", identity_object(context.caller));
  out.add("agent", identity_object(context.callee));
  out.add("request", request_object(context, given, timestamp));
  out.add("context", context_object(context, given));
  return out.build();
}

std::string opa_request_body(AuthzContext const& context) {
  std::string out = "{\"input\":";
  rego::append_json(out, opa_input(context));
  out.push_back('}');
  return out;
}

}  // namespace aw::authz
