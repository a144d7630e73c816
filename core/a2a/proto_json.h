// SPDX-License-Identifier: Apache-2.0
// ProtoJSON for the messages of A2A, by their descriptors: what protobuf's own converter does, for
// a tenth of its cost (docs/decisions/grpc.md). Fuzzed against that converter.
//
// Inside this room; pure; any thread. Holds every kind of field A2A's two packages have, with
// google.protobuf.Struct, Value, ListValue, Timestamp and Empty; `converts` says whether a message
// is such.
#pragma once

#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace aw::a2a {

// True when the message, and all that it can hold, has only fields of the kinds below.
[[nodiscard]] bool converts(google::protobuf::Descriptor const& type);

// Appends the message as JSON: lowerCamelCase names, enums by name, bytes as base64, fields with
// nothing in them left out. False, with `out` in any state, when a number is none that JSON has or
// a time is out of the calendar's range.
[[nodiscard]] bool append_proto_json(std::string& out, google::protobuf::Message const& message);

// Appends the bytes of a message of `type`, from JSON that passed check_json (its depth bounds the
// recursion). Names match in camelCase and snake_case; members the
// type does not have, and nulls, are left out, as are unknown names of enums. False, with `out` in
// any state, when a value is not what its field holds, or two members of one oneof are given.
[[nodiscard]] bool append_proto_bytes(std::string& out, google::protobuf::Descriptor const& type,
                                      std::string_view json);

}  // namespace aw::a2a
