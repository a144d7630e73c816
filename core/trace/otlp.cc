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

// What of the wire format a span needs (protobuf.dev/programming-guides/encoding): written at once,
// because objects of a dozen attributes, each with a text of its own, cost more than the request
// they tell of.
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7U) ++size;
  return size;
}

class Wire {
 public:
  explicit Wire(std::string& out) : out_(out) {}

  void head(std::uint32_t field, WireType type) {
    varint(std::uint64_t{field} << 3U | static_cast<std::uint64_t>(type));
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out_.push_back(static_cast<char>(value | 0x80U));
    out_.push_back(static_cast<char>(value));
  }
  void number(std::uint32_t field, std::uint64_t value) {
    head(field, WireType::varint);
    varint(value);
  }
  void bytes(std::uint32_t field, std::string_view value) {
    head(field, WireType::bytes);
    varint(value.size());
    out_ += value;
  }
  template <class Number>
  void fixed(std::uint32_t field, Number value) {
    head(field, sizeof(Number) == 8 ? WireType::fixed64 : WireType::fixed32);
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      out_.push_back(static_cast<char>(value >> (8 * i)));
  }
  void id(std::uint32_t field, std::string_view hex) {
    head(field, WireType::bytes);
    varint(hex.size() / 2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      unsigned byte = 0;
      std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
      out_.push_back(static_cast<char>(byte));
    }
  }
  // KeyValue: key = 1, value = 2; Any: string = 1, bool = 2, int = 3. All field numbers here are
  // below 16, so that each head is a byte.
  void attribute(std::uint32_t field, Attribute const& one) {
    auto const* text = std::get_if<std::string_view>(&one.value);
    auto const* number_value = std::get_if<std::int64_t>(&one.value);
    auto const value_size = text != nullptr ? 1 + varint_size(text->size()) + text->size()
                            : number_value != nullptr
                                ? 1 + varint_size(static_cast<std::uint64_t>(*number_value))
                                : 2;
    head(field, WireType::bytes);
    varint(1 + varint_size(one.key.size()) + one.key.size() + 1 + varint_size(value_size) +
           value_size);
    bytes(1, one.key);
    head(2, WireType::bytes);
    varint(value_size);
    if (text != nullptr) {
      bytes(1, *text);
    } else if (number_value != nullptr) {
      number(3, static_cast<std::uint64_t>(*number_value));
    } else {
      number(2, std::get<bool>(one.value) ? 1 : 0);
    }
  }

 private:
  std::string& out_;
};

// The numbers are those of core/trace/otlp.proto, which a test holds against this.
void append_protobuf(std::string& out, Span const& span) {
  static thread_local std::string body;  // its length stands before it
  body.clear();
  Wire wire(body);
  wire.id(1, span.trace_id);
  wire.id(2, span.span_id);
  if (!span.parent_span_id.empty()) wire.id(4, span.parent_span_id);
  wire.bytes(5, span.name);
  wire.number(6, static_cast<std::uint64_t>(span.kind));
  wire.fixed(7, nanoseconds(span.start));
  wire.fixed(8, nanoseconds(span.end));
  for (auto const& attribute : span.attributes) wire.attribute(9, attribute);
  if (span.status != Status::unset) {
    auto const code = static_cast<std::uint64_t>(span.status);
    wire.head(15, WireType::bytes);
    wire.varint(1 + varint_size(span.message.size()) + span.message.size() + 1 + varint_size(code));
    wire.bytes(2, span.message);
    wire.number(3, code);
  }
  wire.fixed(16, kSampled);
  Wire(out).bytes(2, body);  // ScopeSpans.spans
}

std::string protobuf_body(Resource const& resource, Written const& spans) {
  std::string about;
  for (auto const& [key, value] : resource)
    Wire(about).attribute(1, {.key = key, .value = std::string_view(value)});
  std::string scope;
  Wire(scope).bytes(1, kScope);
  std::string scoped;
  scoped.reserve(spans.bytes.size() + scope.size() + 8);
  Wire(scoped).bytes(1, scope);
  scoped += spans.bytes;
  std::string one;
  one.reserve(scoped.size() + about.size() + 16);
  Wire(one).bytes(1, about);
  Wire(one).bytes(2, scoped);
  std::string out;
  out.reserve(one.size() + 8);
  Wire(out).bytes(1, one);
  return out;
}

// 64-bit integers are strings in protobuf's JSON.
void write_value(json::Writer& out, Attribute const& attribute) {
  out.begin_object().member("key", attribute.key).key("value").begin_object();
  if (auto const* text = std::get_if<std::string_view>(&attribute.value))
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

std::string json_body(Resource const& resource, Written const& spans) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("resourceSpans").begin_array().begin_object();
  out.key("resource").begin_object().key("attributes").begin_array();
  for (auto const& [key, value] : resource)
    write_value(out, {.key = key, .value = std::string_view(value)});
  out.end_array().end_object();
  out.key("scopeSpans").begin_array().begin_object();
  out.key("scope").begin_object().member("name", kScope).end_object();
  out.key("spans").begin_array();
  if (spans.spans > 0) out.raw(spans.bytes);
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

void append(Protocol protocol, Written& to, Span const& span) {
  if (protocol == Protocol::http_json) {
    if (to.spans > 0) to.bytes += ',';
    json::Writer out(to.bytes);
    write_span(out, span);
  } else {
    append_protobuf(to.bytes, span);
  }
  ++to.spans;
}

std::string body_of(Protocol protocol, Resource const& resource, Written const& spans) {
  return protocol == Protocol::http_json ? json_body(resource, spans)
                                         : protobuf_body(resource, spans);
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
