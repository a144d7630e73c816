// SPDX-License-Identifier: Apache-2.0
// JSON as the bytes of a protobuf message (protobuf's encoding: tag, then a varint or a length and
// its bytes). The other way is proto_json.cc.
#include <google/protobuf/descriptor.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "core/a2a/json_view.h"
#include "core/a2a/proto_json.h"
#include "core/base/clock.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using JsonKind = JsonView::Kind;
using WellKnown = pb::Descriptor::WellKnownType;

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2 };
// A field without presence is left out when it has nothing in it; elements, map values and fields
// with presence never are.
enum class Empty : std::uint8_t { left_out, kept };

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80U));
  out.push_back(static_cast<char>(value));
}

void append_tag(std::string& out, int number, Wire wire) {
  append_varint(out, static_cast<std::uint64_t>(number) << 3U | static_cast<std::uint8_t>(wire));
}

void append_text(std::string& out, int number, std::string_view text) {
  append_tag(out, number, Wire::bytes);
  append_varint(out, text.size());
  out.append(text);
}

// What `write` appends, with its length before it.
template <class Write>
bool append_nested(std::string& out, int number, Write const& write) {
  append_tag(out, number, Wire::bytes);
  auto const at = out.size();
  out.push_back('\0');  // most are shorter than 128 bytes
  if (!write()) return false;
  auto const length = out.size() - at - 1;
  if (length < 0x80) {
    out[at] = static_cast<char>(length);
    return true;
  }
  std::string prefix;
  append_varint(prefix, length);
  out.replace(at, 1, prefix);
  return true;
}

bool append_message(std::string& out, pb::Descriptor const& type, JsonCursor& at);

// ---- google.protobuf.Struct and what it is made of

bool append_value(std::string& out, JsonCursor& at);

bool append_struct(std::string& out, JsonCursor& at) {
  if (at.kind() != JsonKind::object) return false;
  at.enter();
  for (std::string name; at.next_member(name);) {
    bool const fine = append_nested(out, 1, [&] {
      append_text(out, 1, name);
      return append_nested(out, 2, [&] { return append_value(out, at); });
    });
    if (!fine) return false;
  }
  return true;
}

bool append_list(std::string& out, JsonCursor& at) {
  if (at.kind() != JsonKind::array) return false;
  at.enter();
  while (at.next_element())
    if (!append_nested(out, 1, [&] { return append_value(out, at); })) return false;
  return true;
}

bool append_double(std::string& out, std::string_view text) {
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(text).c_str(), nullptr);  // which end of the range it is
    if (std::isinf(value)) return false;
  }
  append_tag(out, 2, Wire::fixed64);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8U) out.push_back(static_cast<char>(bits));
  return true;
}

bool append_value(std::string& out, JsonCursor& at) {
  switch (at.kind()) {
    case JsonKind::null:
      at.skip();
      append_tag(out, 1, Wire::varint);
      out.push_back('\0');
      return true;
    case JsonKind::number:
      return append_double(out, at.take().raw());
    case JsonKind::string:
      append_text(out, 3, *at.take().string());
      return true;
    case JsonKind::boolean:
      append_tag(out, 4, Wire::varint);
      out.push_back(*at.take().boolean() ? '\1' : '\0');
      return true;
    case JsonKind::object:
      return append_nested(out, 5, [&] { return append_struct(out, at); });
    case JsonKind::array:
      return append_nested(out, 6, [&] { return append_list(out, at); });
    case JsonKind::none:
      return false;
  }
  return false;
}

bool append_time(std::string& out, JsonView value) {
  auto const text = value.string();
  auto const time = text ? parse_rfc3339(*text) : std::nullopt;
  if (!time) return false;
  auto const seconds = std::chrono::floor<std::chrono::seconds>(*time);
  auto const count = seconds.time_since_epoch().count();
  auto const nanos = std::chrono::nanoseconds(*time - seconds).count();
  if (count != 0) {
    append_tag(out, 1, Wire::varint);
    append_varint(out, static_cast<std::uint64_t>(count));
  }
  if (nanos != 0) {
    append_tag(out, 2, Wire::varint);
    append_varint(out, static_cast<std::uint64_t>(nanos));
  }
  return true;
}

// ---- fields

bool append_string(std::string& out, Field const& field, JsonView value, Empty empty) {
  auto text = value.string();
  if (text && field.type() == Field::TYPE_BYTES) {
    auto decoded = text::from_base64(*text);
    text = decoded ? std::move(decoded) : text::from_base64url(*text);
  }
  if (!text) return false;
  if (!text->empty() || empty == Empty::kept) append_text(out, field.number(), *text);
  return true;
}

void append_number(std::string& out, Field const& field, std::int64_t value, Empty empty) {
  if (value == 0 && empty == Empty::left_out) return;
  append_tag(out, field.number(), Wire::varint);
  append_varint(out, static_cast<std::uint64_t>(value));  // a negative one takes ten bytes
}

std::optional<std::int64_t> whole_number(JsonView value) {
  auto number = value.integer();
  // ProtoJSON also takes a number in quotes.
  if (!number && value.is(JsonKind::string))
    number = JsonView(value.raw().substr(1, value.raw().size() - 2)).integer();
  constexpr auto kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  if (!number || *number < kLeast || *number > kMost) return std::nullopt;
  return number;
}

bool append_enum(std::string& out, Field const& field, JsonView value, Empty empty) {
  if (auto const name = value.string()) {
    auto const* const known = field.enum_type()->FindValueByName(*name);
    if (known != nullptr) append_number(out, field, known->number(), empty);
    return true;
  }
  auto const number = whole_number(value);
  if (number) append_number(out, field, *number, empty);
  return number.has_value();
}

// A scalar; what an object or array is taken for fits none of them.
bool append_scalar(std::string& out, Field const& field, JsonView value, Empty empty) {
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return append_string(out, field, value, empty);
    case Field::CPPTYPE_BOOL: {
      auto const truth = value.boolean();
      if (truth) append_number(out, field, *truth ? 1 : 0, empty);
      return truth.has_value();
    }
    case Field::CPPTYPE_INT32: {
      auto const number = whole_number(value);
      if (number) append_number(out, field, *number, empty);
      return number.has_value();
    }
    case Field::CPPTYPE_ENUM:
      return append_enum(out, field, value, empty);
    default:
      return false;  // no such field: see `converts`
  }
}

bool append_single(std::string& out, Field const& field, JsonCursor& at, Empty empty) {
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE)
    return append_scalar(out, field, at.take(), empty);
  return append_nested(out, field.number(),
                       [&] { return append_message(out, *field.message_type(), at); });
}

bool append_map(std::string& out, Field const& field, JsonCursor& at) {
  if (at.kind() != JsonKind::object) return false;
  auto const& held = *field.message_type()->map_value();
  at.enter();
  for (std::string name; at.next_member(name);) {
    bool const fine = append_nested(out, field.number(), [&] {
      append_text(out, 1, name);
      return append_single(out, held, at, Empty::kept);
    });
    if (!fine) return false;
  }
  return true;
}

bool append_field(std::string& out, Field const& field, JsonCursor& at) {
  if (field.is_map()) return append_map(out, field, at);
  if (!field.is_repeated())
    return append_single(out, field, at, field.has_presence() ? Empty::kept : Empty::left_out);
  if (at.kind() != JsonKind::array) return false;
  at.enter();
  while (at.next_element())
    if (!append_single(out, field, at, Empty::kept)) return false;
  return true;
}

bool is_value(pb::Descriptor const* type) {
  return type != nullptr && type->well_known_type() == WellKnown::WELLKNOWNTYPE_VALUE;
}

Field const* find_field(pb::Descriptor const& type, std::string const& name) {
  // A name given by hand (json_name) is not found as camelCase; there are few fields in a message.
  if (auto const* const field = type.FindFieldByCamelcaseName(name);
      field != nullptr && field->json_name() == name)
    return field;
  for (int i = 0; i < type.field_count(); ++i)
    if (type.field(i)->json_name() == name || type.field(i)->name() == name) return type.field(i);
  return nullptr;
}

bool append_members(std::string& out, pb::Descriptor const& type, JsonCursor& at) {
  std::uint32_t chosen = 0;  // oneofs that have their member, by index
  for (std::string name; at.next_member(name);) {
    auto const* const field = find_field(type, name);
    bool const nothing = at.kind() == JsonKind::null && !(field && is_value(field->message_type()));
    if (field == nullptr || nothing) {
      at.skip();
      continue;
    }
    if (auto const* const choice = field->real_containing_oneof(); choice != nullptr) {
      auto const bit = 1U << static_cast<unsigned>(choice->index() % 32);
      if ((chosen & bit) != 0) return false;
      chosen |= bit;
    }
    if (!append_field(out, *field, at)) return false;
  }
  return true;
}

bool append_message(std::string& out, pb::Descriptor const& type, JsonCursor& at) {
  switch (type.well_known_type()) {
    case WellKnown::WELLKNOWNTYPE_STRUCT:
      return append_struct(out, at);
    case WellKnown::WELLKNOWNTYPE_VALUE:
      return append_value(out, at);
    case WellKnown::WELLKNOWNTYPE_LISTVALUE:
      return append_list(out, at);
    case WellKnown::WELLKNOWNTYPE_TIMESTAMP:
      return append_time(out, at.take());
    default:
      break;
  }
  if (at.kind() != JsonKind::object) return false;
  at.enter();
  return append_members(out, type, at);
}

}  // namespace

bool append_proto_bytes(std::string& out, pb::Descriptor const& type, std::string_view json) {
  JsonCursor at(json);
  return append_message(out, type, at);
}

}  // namespace aw::a2a
