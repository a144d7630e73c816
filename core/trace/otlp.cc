// SPDX-License-Identifier: Apache-2.0
#include "core/trace/otlp.h"

#include <core/trace/otlp.pb.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::trace {
namespace {

constexpr std::string_view kScope = "agentweave";
// SpanFlags: the W3C flags of a kept span.
constexpr std::uint32_t kSampled = 1;

std::uint64_t nanoseconds(WallTime time) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::nanoseconds(time.time_since_epoch()).count()));
}

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

void set(otlp::KeyValue& out, Attribute const& attribute) {
  out.set_key(std::string(attribute.key));
  auto& value = *out.mutable_value();
  if (auto const* text = std::get_if<std::string>(&attribute.value)) value.set_string_value(*text);
  if (auto const* number = std::get_if<std::int64_t>(&attribute.value))
    value.set_int_value(*number);
  if (auto const* flag = std::get_if<bool>(&attribute.value)) value.set_bool_value(*flag);
}

void set(otlp::Span& out, Span const& span) {
  out.set_trace_id(bytes_of(span.trace_id));
  out.set_span_id(bytes_of(span.span_id));
  out.set_parent_span_id(bytes_of(span.parent_span_id));
  out.set_name(span.name);
  out.set_kind(static_cast<int>(span.kind));
  out.set_start_time_unix_nano(nanoseconds(span.start));
  out.set_end_time_unix_nano(nanoseconds(span.end));
  for (auto const& attribute : span.attributes) set(*out.add_attributes(), attribute);
  if (span.status != Status::unset) {
    out.mutable_status()->set_code(static_cast<int>(span.status));
    out.mutable_status()->set_message(span.message);
  }
  out.set_flags(kSampled);
}

std::string protobuf(Resource const& resource, std::span<Span const> spans) {
  otlp::ExportRequest request;
  auto& one = *request.add_resource_spans();
  for (auto const& [key, value] : resource) {
    auto& attribute = *one.mutable_resource()->add_attributes();
    attribute.set_key(key);
    attribute.mutable_value()->set_string_value(value);
  }
  auto& scope = *one.add_scope_spans();
  scope.mutable_scope()->set_name(std::string(kScope));
  for (auto const& span : spans) set(*scope.add_spans(), span);
  return request.SerializeAsString();
}

// 64-bit integers are strings in protobuf's JSON.
void write_value(json::Writer& out, Attribute const& attribute) {
  out.begin_object().member("key", attribute.key).key("value").begin_object();
  if (auto const* text = std::get_if<std::string>(&attribute.value))
    out.member("stringValue", *text);
  if (auto const* number = std::get_if<std::int64_t>(&attribute.value))
    out.member("intValue", std::to_string(*number));
  if (auto const* flag = std::get_if<bool>(&attribute.value)) out.key("boolValue").boolean(*flag);
  out.end_object().end_object();
}

void write_span(json::Writer& out, Span const& span) {
  out.begin_object().member("traceId", span.trace_id).member("spanId", span.span_id);
  if (!span.parent_span_id.empty()) out.member("parentSpanId", span.parent_span_id);
  out.member("name", span.name).member("kind", static_cast<std::int64_t>(span.kind));
  out.member("startTimeUnixNano", std::to_string(nanoseconds(span.start)));
  out.member("endTimeUnixNano", std::to_string(nanoseconds(span.end)));
  out.key("attributes").begin_array();
  for (auto const& attribute : span.attributes) write_value(out, attribute);
  out.end_array();
  if (span.status != Status::unset) {
    out.key("status").begin_object().member("code", static_cast<std::int64_t>(span.status));
    out.member("message", span.message).end_object();
  }
  out.member("flags", static_cast<std::int64_t>(kSampled)).end_object();
}

std::string json_text(Resource const& resource, std::span<Span const> spans) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("resourceSpans").begin_array().begin_object();
  out.key("resource").begin_object().key("attributes").begin_array();
  for (auto const& [key, value] : resource) write_value(out, {.key = key, .value = value});
  out.end_array().end_object();
  out.key("scopeSpans").begin_array().begin_object();
  out.key("scope").begin_object().member("name", kScope).end_object();
  out.key("spans").begin_array();
  for (auto const& span : spans) write_span(out, span);
  out.end_array().end_object().end_array().end_object().end_array().end_object();
  return body;
}

std::int64_t rejected_in_json(std::string_view answer) {
  auto const parsed = json::parse(answer, {.bytes = 1U << 16U, .depth = 8});
  if (!parsed.ok() || !parsed->is_object()) return 0;
  auto const partial = parsed->find("partialSuccess");
  if (partial == parsed->end() || !partial->is_object()) return 0;
  auto const count = partial->find("rejectedSpans");
  if (count == partial->end()) return 0;
  if (count->is_number_integer()) return count->get<std::int64_t>();
  if (!count->is_string()) return 0;
  auto const& text = count->get_ref<std::string const&>();
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string encode(Protocol protocol, Resource const& resource, std::span<Span const> spans) {
  return protocol == Protocol::http_json ? json_text(resource, spans) : protobuf(resource, spans);
}

std::string_view content_type(Protocol protocol) {
  return protocol == Protocol::http_json ? "application/json" : "application/x-protobuf";
}

std::int64_t rejected_spans(Protocol protocol, std::string_view answer) {
  if (protocol == Protocol::http_json) return std::max<std::int64_t>(0, rejected_in_json(answer));
  otlp::ExportResponse response;
  if (!response.ParseFromArray(answer.data(), static_cast<int>(answer.size()))) return 0;
  return std::max<std::int64_t>(0, response.partial_success().rejected_spans());
}

}  // namespace aw::trace
