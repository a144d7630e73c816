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

// What of the wire format a span needs (protobuf.dev/programming-guides/encoding), written from the
// end to the beginning: what a head says of its field's length is known by then, so nothing is
// counted first, and there are no objects of a dozen attributes, which cost more than the request
// they tell of. The numbers are those of core/trace/otlp.proto, which a test holds against this.
enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

constexpr std::size_t kMostVarint = 10;
// A field's number and its length, at the most.
constexpr std::size_t kMostHead = 2 + kMostVarint;

// Each call writes in front of what the one before it wrote, into room that is large enough.
class Wire {
 public:
  explicit Wire(char* end) : at_(end) {}

  void raw(std::string_view value) {
    if (value.empty()) return;  // perhaps of no text at all
    at_ -= value.size();
    std::memcpy(at_, value.data(), value.size());  // std::copy went byte by byte here
  }
  void varint(std::uint64_t value) {
    if (value < 0x80) {
      *--at_ = static_cast<char>(value);
      return;
    }
    auto const size = (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
    at_ -= size;
    for (std::size_t i = 0; i + 1 < size; ++i, value >>= 7U)
      at_[i] = static_cast<char>(value | 0x80U);
    at_[size - 1] = static_cast<char>(value);
  }
  void head(std::uint32_t field, WireType type) {
    varint(std::uint64_t{field} << 3U | static_cast<std::uint64_t>(type));
  }
  void number(std::uint32_t field, std::uint64_t value) {
    varint(value);
    head(field, WireType::varint);
  }
  void bytes(std::uint32_t field, std::string_view value) {
    raw(value);
    varint(value.size());
    head(field, WireType::bytes);
  }
  // A message of everything written since `end`.
  void message(std::uint32_t field, char const* end) {
    varint(static_cast<std::size_t>(end - at_));
    head(field, WireType::bytes);
  }
  template <class Number>
  void fixed(std::uint32_t field, Number value) {
    static_assert(std::endian::native == std::endian::little);
    at_ -= sizeof value;
    std::memcpy(at_, &value, sizeof value);
    head(field, sizeof(Number) == 8 ? WireType::fixed64 : WireType::fixed32);
  }
  void id(std::uint32_t field, std::string_view hex) {
    at_ -= hex.size() / 2;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      at_[i / 2] = static_cast<char>(nibble(hex[i]) << 4U | nibble(hex[i + 1]));
    varint(hex.size() / 2);
    head(field, WireType::bytes);
  }
  [[nodiscard]] char* at() const { return at_; }

 private:
  static unsigned nibble(char digit) {
    return digit <= '9' ? static_cast<unsigned>(digit - '0')
                        : static_cast<unsigned>(digit - 'a') + 10;
  }

  char* at_;
};

// Makes the text longer by what `write` writes, `room` bytes at the most.
template <class Write>
void extend(std::string& out, std::size_t room, Write write) {
  auto const had = out.size();
  if (out.capacity() < had + room) out.reserve(std::max(had + room, 2 * out.capacity()));
  out.resize_and_overwrite(had + room, [&](char* text, std::size_t) {
    char* const end = text + had + room;
    Wire wire(end);
    write(wire);
    auto const size = static_cast<std::size_t>(end - wire.at());
    std::memmove(text + had, wire.at(), size);
    return had + size;
  });
}

// KeyValue: key = 1, value = 2. Any: string = 1, bool = 2, int = 3.
void write_attribute(Wire& wire, std::uint32_t field, Attribute const& one) {
  char const* const end = wire.at();
  if (auto const* text = std::get_if<std::string_view>(&one.value)) {
    wire.bytes(1, *text);
  } else if (auto const* number = std::get_if<std::int64_t>(&one.value)) {
    wire.number(3, static_cast<std::uint64_t>(*number));
  } else {
    wire.number(2, std::get<bool>(one.value) ? 1 : 0);
  }
  wire.message(2, end);
  wire.bytes(1, one.key);
  wire.message(field, end);
}

std::size_t room_of(Attribute const& one) {
  auto const* text = std::get_if<std::string_view>(&one.value);
  return 4 * kMostHead + one.key.size() + (text == nullptr ? 0 : text->size());
}

std::size_t room_of(Span const& span) {
  // The ids are half as long as their texts; the times, the kind, the status and the flags.
  std::size_t room = 16 * kMostHead + span.trace_id.size() + span.span_id.size() +
                     span.parent_span_id.size() + span.name.size() + span.message.size();
  for (auto const& one : span.attributes) room += room_of(one);
  return room;
}

void append_protobuf(std::string& out, Span const& span) {
  extend(out, room_of(span), [&](Wire& wire) {
    char const* const end = wire.at();
    wire.fixed(16, kSampled);
    if (span.status != Status::unset) {
      char const* const status = wire.at();
      wire.number(3, static_cast<std::uint64_t>(span.status));
      wire.bytes(2, span.message);
      wire.message(15, status);
    }
    for (auto one = span.attributes.rbegin(); one != span.attributes.rend(); ++one)
      write_attribute(wire, 9, *one);
    wire.fixed(8, nanoseconds(span.end));
    wire.fixed(7, nanoseconds(span.start));
    wire.number(6, static_cast<std::uint64_t>(span.kind));
    wire.bytes(5, span.name);
    if (!span.parent_span_id.empty()) wire.id(4, span.parent_span_id);
    wire.id(2, span.span_id);
    wire.id(1, span.trace_id);
    wire.message(2, end);  // ScopeSpans.spans
  });
}

// Of ResourceSpans { resource = 1, ScopeSpans = 2 { scope = 1 { name = 1 }, spans = 2 } }.
std::string protobuf_resource(Resource const& resource) {
  std::size_t room = kMostHead;
  for (auto const& [key, value] : resource) room += 4 * kMostHead + key.size() + value.size();
  std::string out;
  extend(out, room, [&](Wire& wire) {
    char const* const end = wire.at();
    for (auto pair = resource.rbegin(); pair != resource.rend(); ++pair)
      write_attribute(wire, 1, {.key = pair->first, .value = std::string_view(pair->second)});
    wire.message(1, end);
  });
  return out;
}

std::string protobuf_scope() {
  std::string out;
  extend(out, 2 * kMostHead + kScope.size(), [](Wire& wire) {
    char const* const end = wire.at();
    wire.bytes(1, kScope);
    wire.message(1, end);
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

// Up to the first span.
std::string json_head(Resource const& resource) {
  std::string head;
  json::Writer out(head);
  out.begin_object().key("resourceSpans").begin_array().begin_object();
  out.key("resource").begin_object().key("attributes").begin_array();
  for (auto const& [key, value] : resource)
    write_value(out, {.key = key, .value = std::string_view(value)});
  out.end_array().end_object();
  out.key("scopeSpans").begin_array().begin_object();
  out.key("scope").begin_object().member("name", kScope).end_object();
  out.key("spans").begin_array();
  return head;
}

constexpr std::string_view kJsonEnd = "]}]}]}";  // of the spans, their scope, resource and body

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

Envelope::Envelope(Protocol protocol, Resource const& resource)
    : protocol_(protocol),
      before_(protocol == Protocol::http_json ? json_head(resource) : protobuf_resource(resource)),
      scope_(protocol == Protocol::http_json ? std::string() : protobuf_scope()) {}

Written Envelope::begin(std::string memory) const {
  if (protocol_ == Protocol::http_json) {
    memory.assign(before_);
  } else {
    memory.assign(room(), '\0');
  }
  return {.bytes = std::move(memory), .spans = 0};
}

std::size_t Envelope::room() const { return before_.size() + scope_.size() + 2 * kMostHead; }

std::string_view Envelope::close(Written& batch) const {
  if (protocol_ == Protocol::http_json) {
    batch.bytes += kJsonEnd;
    return batch.bytes;
  }
  char const* const end = batch.bytes.data() + batch.bytes.size();
  Wire wire(batch.bytes.data() + room());
  wire.raw(scope_);
  wire.message(2, end);
  wire.raw(before_);
  wire.message(1, end);
  return {wire.at(), end};
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
