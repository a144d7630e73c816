// SPDX-License-Identifier: Apache-2.0
#include "core/trace/otlp.h"

#include <core/trace/otlp.pb.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
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

// What of the wire format a span needs (protobuf.dev/programming-guides/encoding): sizes first,
// then written once into room that fits, because objects of a dozen attributes, or even a check of
// the room at each byte, cost more than the request they tell of. The numbers are those of
// core/trace/otlp.proto, which a test holds against this; but for `flags` all are below 16, so that
// a head is a byte.
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1U)) * 9 + 64) / 64;
}
constexpr std::size_t bytes_size(std::size_t size) { return 1 + varint_size(size) + size; }
constexpr std::size_t number_size(std::uint64_t value) { return 1 + varint_size(value); }

// Writes into room of exactly the size that was counted.
class Wire {
 public:
  explicit Wire(char* at) : at_(at) {}

  void head(std::uint32_t field, WireType type) {
    varint(std::uint64_t{field} << 3U | static_cast<std::uint64_t>(type));
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) *at_++ = static_cast<char>(value | 0x80U);
    *at_++ = static_cast<char>(value);
  }
  void number(std::uint32_t field, std::uint64_t value) {
    head(field, WireType::varint);
    varint(value);
  }
  void length(std::uint32_t field, std::size_t size) {
    head(field, WireType::bytes);
    varint(size);
  }
  void raw(std::string_view value) {
    if (value.empty()) return;                     // perhaps of no text at all
    std::memcpy(at_, value.data(), value.size());  // std::copy went byte by byte here
    at_ += value.size();
  }
  void bytes(std::uint32_t field, std::string_view value) {
    length(field, value.size());
    raw(value);
  }
  template <class Number>
  void fixed(std::uint32_t field, Number value) {
    head(field, sizeof(Number) == 8 ? WireType::fixed64 : WireType::fixed32);
    for (std::size_t i = 0; i < sizeof(Number); ++i) *at_++ = static_cast<char>(value >> (8 * i));
  }
  void id(std::uint32_t field, std::string_view hex) {
    length(field, hex.size() / 2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      *at_++ = static_cast<char>(nibble(hex[i]) << 4U | nibble(hex[i + 1]));
  }
  [[nodiscard]] char const* at() const { return at_; }

 private:
  static unsigned nibble(char digit) {
    return digit <= '9' ? static_cast<unsigned>(digit - '0')
                        : static_cast<unsigned>(digit - 'a') + 10;
  }

  char* at_;
};

// Makes the text longer by `size` bytes, which `write` fills to the last.
template <class Write>
void extend(std::string& out, std::size_t size, Write write) {
  auto const had = out.size();
  if (out.capacity() < had + size) out.reserve(std::max(had + size, 2 * out.capacity()));
  out.resize_and_overwrite(had + size, [&](char* text, std::size_t) {
    Wire wire(text + had);
    write(wire);
    return static_cast<std::size_t>(wire.at() - text);
  });
}

// Any: string = 1, bool = 2, int = 3.
std::size_t value_size(Attribute const& one) {
  if (auto const* text = std::get_if<std::string_view>(&one.value)) return bytes_size(text->size());
  if (auto const* number = std::get_if<std::int64_t>(&one.value))
    return number_size(static_cast<std::uint64_t>(*number));
  return number_size(1);
}

// KeyValue: key = 1, value = 2.
std::size_t attribute_size(Attribute const& one) {
  return bytes_size(one.key.size()) + bytes_size(value_size(one));
}

void write_attribute(Wire& wire, std::uint32_t field, Attribute const& one) {
  wire.length(field, attribute_size(one));
  wire.bytes(1, one.key);
  wire.length(2, value_size(one));
  if (auto const* text = std::get_if<std::string_view>(&one.value)) return wire.bytes(1, *text);
  if (auto const* number = std::get_if<std::int64_t>(&one.value))
    return wire.number(3, static_cast<std::uint64_t>(*number));
  wire.number(2, std::get<bool>(one.value) ? 1 : 0);
}

// Status: message = 2, code = 3.
std::size_t status_size(Span const& span) {
  return bytes_size(span.message.size()) + number_size(static_cast<std::uint64_t>(span.status));
}

std::size_t span_size(Span const& span) {
  std::size_t size = bytes_size(span.trace_id.size() / 2) + bytes_size(span.span_id.size() / 2);
  if (!span.parent_span_id.empty()) size += bytes_size(span.parent_span_id.size() / 2);
  size += bytes_size(span.name.size()) + number_size(static_cast<std::uint64_t>(span.kind));
  size += 2 * (1 + sizeof(std::uint64_t));  // the times
  for (auto const& one : span.attributes) size += bytes_size(attribute_size(one));
  if (span.status != Status::unset) size += bytes_size(status_size(span));
  return size + 2 + sizeof(kSampled);  // field 16: a head of two bytes
}

void append_protobuf(std::string& out, Span const& span) {
  auto const size = span_size(span);
  extend(out, bytes_size(size), [&](Wire& wire) {
    wire.length(2, size);  // ScopeSpans.spans
    wire.id(1, span.trace_id);
    wire.id(2, span.span_id);
    if (!span.parent_span_id.empty()) wire.id(4, span.parent_span_id);
    wire.bytes(5, span.name);
    wire.number(6, static_cast<std::uint64_t>(span.kind));
    wire.fixed(7, nanoseconds(span.start));
    wire.fixed(8, nanoseconds(span.end));
    for (auto const& attribute : span.attributes) write_attribute(wire, 9, attribute);
    if (span.status != Status::unset) {
      wire.length(15, status_size(span));
      wire.bytes(2, span.message);
      wire.number(3, static_cast<std::uint64_t>(span.status));
    }
    wire.fixed(16, kSampled);
  });
}

// ResourceSpans { resource = 1, ScopeSpans = 2 { scope = 1 { name = 1 }, spans = 2 } }.
std::string protobuf_body(Resource const& resource, Written const& spans) {
  auto const said = [](auto const& pair) {
    return Attribute{.key = pair.first, .value = std::string_view(pair.second)};
  };
  std::size_t about = 0;
  for (auto const& pair : resource) about += bytes_size(attribute_size(said(pair)));
  auto const scope = bytes_size(kScope.size());
  auto const scoped = bytes_size(scope) + spans.bytes.size();
  auto const one = bytes_size(about) + bytes_size(scoped);
  std::string out;
  extend(out, bytes_size(one), [&](Wire& wire) {
    wire.length(1, one);
    wire.length(1, about);
    for (auto const& pair : resource) write_attribute(wire, 1, said(pair));
    wire.length(2, scoped);
    wire.length(1, scope);
    wire.bytes(1, kScope);
    wire.raw(spans.bytes);
  });
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
