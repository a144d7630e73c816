// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// Our ProtoJSON beside protobuf's own: whatever parses as a message reads the same in both, and
// comes back as it was.
#include "core/a2a/proto_json.h"

#include <core/a2a/proto/a2a_v03.pb.h>
#include <core/a2a/proto/a2a_v1.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/a2a/grpc_codec.h"
#include "core/a2a/json_view.h"

namespace {

namespace pb = google::protobuf;

// A google.protobuf.Value with no kind is an error in struct.proto. Protobuf's writer leaves it
// out, ours and Python's say null: so it is null before the two are compared.
void name_nulls(pb::Message& message) {
  if (auto* const value = dynamic_cast<pb::Value*>(&message);
      value != nullptr && value->kind_case() == pb::Value::KIND_NOT_SET)
    value->set_null_value(pb::NULL_VALUE);
  auto const& reflection = *message.GetReflection();
  std::vector<pb::FieldDescriptor const*> fields;
  reflection.ListFields(message, &fields);
  for (auto const* const field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      name_nulls(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i)
      name_nulls(*reflection.MutableRepeatedMessage(&message, field, i));
  }
}

// What only one of them takes: times beyond what our clock holds, nesting beyond our bound.
void compare(pb::Message& message) {
  std::string ours;
  if (!aw::a2a::append_proto_json(ours, message)) return;
  name_nulls(message);
  std::string theirs;
  if (!pb::util::MessageToJsonString(message, &theirs).ok()) return;
  if (nlohmann::json::parse(ours) != nlohmann::json::parse(theirs)) std::abort();
  auto const bytes = aw::a2a::grpc_from_json(message.GetDescriptor()->full_name(), ours);
  if (!bytes.ok()) return;
  std::unique_ptr<pb::Message> const back(message.New());
  if (!back->ParseFromString(*bytes)) std::abort();
  std::unique_ptr<pb::Message> const reference(message.New());
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!pb::util::JsonStringToMessage(theirs, reference.get(), options).ok()) return;
  if (!pb::util::MessageDifferencer::Equals(*back, *reference)) std::abort();
}

template <class Type>
void feed(std::string const& bytes) {
  Type message;
  if (message.ParseFromString(bytes)) compare(message);
}

// JSON that nobody wrote: whatever we take, protobuf reads back.
template <class Type>
void feed_json(std::string const& json) {
  auto const bytes = aw::a2a::grpc_from_json(Type::descriptor()->full_name(), json);
  Type message;
  if (bytes.ok() && !message.ParseFromString(*bytes)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string const rest(reinterpret_cast<char const*>(data + 1), size - 1);
  switch (data[0] % 8) {
    case 0:
      feed<lf::a2a::v1::Task>(rest);
      break;
    case 1:
      feed<lf::a2a::v1::StreamResponse>(rest);
      break;
    case 2:
      feed<lf::a2a::v1::AgentCard>(rest);
      break;
    case 3:
      feed<lf::a2a::v1::ListTasksRequest>(rest);
      break;
    case 4:
      feed<::a2a::v1::StreamResponse>(rest);
      break;
    case 5:
      feed<::a2a::v1::AgentCard>(rest);
      break;
    case 6:
      feed_json<lf::a2a::v1::Task>(rest);
      break;
    default:
      feed_json<::a2a::v1::SendMessageRequest>(rest);
      break;
  }
  return 0;
}
