// SPDX-License-Identifier: Apache-2.0
// A protobuf message as JSON. The other way is proto_bytes.cc.
#include "core/a2a/proto_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <charconv>
#include <cmath>
#include <set>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;
using WellKnown = pb::Descriptor::WellKnownType;

// Years 1 to 9999, which is what google.protobuf.Timestamp may hold.
constexpr std::int64_t kFirstSecond = -62'135'596'800;
constexpr std::int64_t kLastSecond = 253'402'300'799;
// Whole numbers up to here are the same as double and as text.
constexpr double kExactWhole = 9'007'199'254'740'992.0;

bool write_message(json::Writer& out, pb::Message const& message);
bool write_value(json::Writer& out, pb::Value const& value);

bool write_double(json::Writer& out, double value) {
  if (!std::isfinite(value)) return false;
  if (std::trunc(value) == value && std::abs(value) < kExactWhole && !std::signbit(value)) {
    out.number(static_cast<std::int64_t>(value));
    return true;
  }
  char text[32];
  auto const end = std::to_chars(std::begin(text), std::end(text), value);
  out.raw({text, static_cast<std::size_t>(end.ptr - text)});
  return true;
}

bool write_struct(json::Writer& out, pb::Struct const& object) {
  out.begin_object();
  for (auto const& [name, value] : object.fields()) {
    out.key(name);
    if (!write_value(out, value)) return false;
  }
  out.end_object();
  return true;
}

bool write_list(json::Writer& out, pb::ListValue const& list) {
  out.begin_array();
  for (auto const& value : list.values())
    if (!write_value(out, value)) return false;
  out.end_array();
  return true;
}

bool write_value(json::Writer& out, pb::Value const& value) {
  switch (value.kind_case()) {
    case pb::Value::kNullValue:
    case pb::Value::KIND_NOT_SET:
      out.null();
      return true;
    case pb::Value::kNumberValue:
      return write_double(out, value.number_value());
    case pb::Value::kStringValue:
      out.string(value.string_value());
      return true;
    case pb::Value::kBoolValue:
      out.boolean(value.bool_value());
      return true;
    case pb::Value::kStructValue:
      return write_struct(out, value.struct_value());
    case pb::Value::kListValue:
      return write_list(out, value.list_value());
  }
  return false;
}

// RFC 3339 with as many of nine digits as it takes, three at a time.
bool write_time(json::Writer& out, pb::Timestamp const& time) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond) return false;
  if (time.nanos() < 0 || time.nanos() > 999'999'999) return false;
  auto const at = std::chrono::sys_seconds(std::chrono::seconds(time.seconds()));
  auto const day = std::chrono::floor<std::chrono::days>(at);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const clock(at - day);
  char text[40];
  int used = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  auto const rest = sizeof text - static_cast<std::size_t>(used);
  auto* const end = text + used;
  if (time.nanos() % 1'000'000 == 0 && time.nanos() != 0) {
    used += std::snprintf(end, rest, ".%03d", time.nanos() / 1'000'000);
  } else if (time.nanos() % 1'000 == 0 && time.nanos() != 0) {
    used += std::snprintf(end, rest, ".%06d", time.nanos() / 1'000);
  } else if (time.nanos() != 0) {
    used += std::snprintf(end, rest, ".%09d", time.nanos());
  }
  text[used++] = 'Z';
  out.string({text, static_cast<std::size_t>(used)});
  return true;
}

void write_enum(json::Writer& out, Field const& field, int number) {
  if (auto const* const known = field.enum_type()->FindValueByNumber(number); known != nullptr) {
    out.string(known->name());
  } else {
    out.number(number);
  }
}

// The single field of a message, or one element of a repeated one.
struct Single {
  pb::Message const& message;
  pb::Reflection const& reflection;
  Field const& field;
  int index = -1;  // of a repeated field
};

bool write_single(json::Writer& out, Single const& one) {
  auto const& [message, reflection, field, index] = one;
  bool const element = index >= 0;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING: {
      std::string scratch;
      auto const& text =
          element ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                  : reflection.GetStringReference(message, &field, &scratch);
      out.string(field.type() == Field::TYPE_BYTES
                     ? std::string_view(scratch = text::to_base64(text))
                     : std::string_view(text));
      return true;
    }
    case Field::CPPTYPE_BOOL:
      out.boolean(element ? reflection.GetRepeatedBool(message, &field, index)
                          : reflection.GetBool(message, &field));
      return true;
    case Field::CPPTYPE_INT32:
      out.number(element ? reflection.GetRepeatedInt32(message, &field, index)
                         : reflection.GetInt32(message, &field));
      return true;
    case Field::CPPTYPE_ENUM:
      write_enum(out, field,
                 element ? reflection.GetRepeatedEnumValue(message, &field, index)
                         : reflection.GetEnumValue(message, &field));
      return true;
    case Field::CPPTYPE_MESSAGE:
      return write_message(out, element ? reflection.GetRepeatedMessage(message, &field, index)
                                        : reflection.GetMessage(message, &field));
    default:
      return false;  // no such field: see `converts`
  }
}

bool write_map(json::Writer& out, Single whole, int size) {
  auto const& entry = *whole.field.message_type();
  out.begin_object();
  for (int i = 0; i < size; ++i) {
    auto const& pair = whole.reflection.GetRepeatedMessage(whole.message, &whole.field, i);
    auto const& reflection = *pair.GetReflection();
    std::string scratch;
    out.key(reflection.GetStringReference(pair, entry.map_key(), &scratch));
    if (!write_single(out, {pair, reflection, *entry.map_value()})) return false;
  }
  out.end_object();
  return true;
}

bool write_field(json::Writer& out, pb::Message const& message, Field const& field) {
  auto const& reflection = *message.GetReflection();
  out.key(field.json_name());
  if (!field.is_repeated()) return write_single(out, {message, reflection, field});
  int const size = reflection.FieldSize(message, &field);
  if (field.is_map()) return write_map(out, {message, reflection, field}, size);
  out.begin_array();
  for (int i = 0; i < size; ++i)
    if (!write_single(out, {message, reflection, field, i})) return false;
  out.end_array();
  return true;
}

bool write_message(json::Writer& out, pb::Message const& message) {
  switch (message.GetDescriptor()->well_known_type()) {
    case WellKnown::WELLKNOWNTYPE_STRUCT:
      return write_struct(out, static_cast<pb::Struct const&>(message));
    case WellKnown::WELLKNOWNTYPE_VALUE:
      return write_value(out, static_cast<pb::Value const&>(message));
    case WellKnown::WELLKNOWNTYPE_LISTVALUE:
      return write_list(out, static_cast<pb::ListValue const&>(message));
    case WellKnown::WELLKNOWNTYPE_TIMESTAMP:
      return write_time(out, static_cast<pb::Timestamp const&>(message));
    default:
      break;
  }
  std::vector<Field const*> fields;
  message.GetReflection()->ListFields(message, &fields);
  out.begin_object();
  for (auto const* const field : fields)
    if (!write_field(out, message, *field)) return false;
  out.end_object();
  return true;
}

bool converts_all(pb::Descriptor const& type, std::set<pb::Descriptor const*>& seen) {
  switch (type.well_known_type()) {
    case WellKnown::WELLKNOWNTYPE_STRUCT:
    case WellKnown::WELLKNOWNTYPE_VALUE:
    case WellKnown::WELLKNOWNTYPE_LISTVALUE:
    case WellKnown::WELLKNOWNTYPE_TIMESTAMP:
      return true;
    case WellKnown::WELLKNOWNTYPE_UNSPECIFIED:
      break;
    default:
      return false;
  }
  if (!seen.insert(&type).second) return true;
  for (int i = 0; i < type.field_count(); ++i) {
    auto const& field = *type.field(i);
    if (field.is_map() && field.message_type()->map_key()->cpp_type() != Field::CPPTYPE_STRING)
      return false;
    switch (field.cpp_type()) {
      case Field::CPPTYPE_STRING:
      case Field::CPPTYPE_BOOL:
      case Field::CPPTYPE_ENUM:
        break;
      case Field::CPPTYPE_INT32:
        if (field.type() != Field::TYPE_INT32) return false;
        break;
      case Field::CPPTYPE_MESSAGE:
        if (!converts_all(*field.message_type(), seen)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

bool converts(pb::Descriptor const& type) {
  std::set<pb::Descriptor const*> seen;
  return converts_all(type, seen);
}

bool append_proto_json(std::string& out, pb::Message const& message) {
  json::Writer writer(out);
  return write_message(writer, message);
}

}  // namespace aw::a2a
