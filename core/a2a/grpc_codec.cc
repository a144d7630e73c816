// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/grpc_codec.h"

#include <core/a2a/proto/a2a_v03.pb.h>
#include <core/a2a/proto/a2a_v1.pb.h>
#include <core/a2a/proto/rpc_status.pb.h>
#include <google/protobuf/util/json_util.h>

#include <memory>

#include "core/a2a/json_view.h"
#include "core/a2a/proto_json.h"

namespace aw::a2a {
namespace {

namespace pb = google::protobuf;

// A static library's descriptors are there only when something of their file is named.
void keep_descriptors() {
  static_cast<void>(lf::a2a::v1::Task::default_instance());
  static_cast<void>(::a2a::v1::Task::default_instance());
  static_cast<void>(pb::Empty::default_instance());
}

pb::Descriptor const* find_type(std::string_view type) {
  keep_descriptors();
  return pb::DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(type));
}

std::unique_ptr<pb::Message> new_message(pb::Descriptor const& type) {
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

// A2A's own messages; those of other protocols (health, reflection, google.rpc) may hold more than
// our converter knows, and are not on the way of a request.
bool ours(pb::Descriptor const& type) {
  auto const& package = type.file()->package();
  return package == "lf.a2a.v1" || package == "a2a.v1" ||
         type.full_name() == "google.protobuf.Empty";
}

// What a converter of JSON to protobuf may recurse into; protobuf's own stops there as well.
constexpr JsonLimits kJsonBounds{.bytes = 256U << 20U, .depth = 100};

pb::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

Error no_such_type(std::string_view type) {
  return make_error(Code::internal, "no such message: " + std::string(type));
}

}  // namespace

std::string grpc_type(Dialect dialect, std::string_view message) {
  if (message == "Empty") return "google.protobuf.Empty";
  return (dialect == Dialect::v0_3 ? "a2a.v1." : "lf.a2a.v1.") + std::string(message);
}

Result<std::string> grpc_to_json(std::string_view type, std::string_view bytes) {
  auto const* const descriptor = find_type(type);
  if (descriptor == nullptr) return no_such_type(type);
  auto const message = new_message(*descriptor);
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return make_error(Code::request_malformed, "the message is no " + std::string(type));
  std::string json;
  json.reserve(bytes.size() * 2);
  bool const written = ours(*descriptor) ? append_proto_json(json, *message)
                                         : pb::util::MessageToJsonString(*message, &json).ok();
  if (!written)
    return make_error(Code::request_malformed, "the message has a value that JSON cannot hold");
  return json;
}

Result<std::string> grpc_from_json(std::string_view type, std::string_view json) {
  auto const* const descriptor = find_type(type);
  if (descriptor == nullptr) return no_such_type(type);
  auto const unfit = [type] {
    return make_error(Code::backend_answer_malformed,
                      "the answer does not fit " + std::string(type));
  };
  std::string bytes;
  if (ours(*descriptor)) {
    bytes.reserve(json.size());
    if (!check_json(json, kJsonBounds).ok() || !append_proto_bytes(bytes, *descriptor, json))
      return unfit();
    return bytes;
  }
  auto const message = new_message(*descriptor);
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!pb::util::JsonStringToMessage(piece(json), message.get(), options).ok()) return unfit();
  if (!message->SerializeToString(&bytes)) return unfit();
  return bytes;
}

std::string grpc_error_details(GrpcError const& error) {
  google::rpc::Status status;
  status.set_code(error.status);
  status.set_message(std::string(error.message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(error.reason));
  info.set_domain(std::string(error.domain));
  for (auto const& [name, value] : error.metadata)
    (*info.mutable_metadata())[std::string(name)] = value;
  static_cast<void>(status.add_details()->PackFrom(info));
  if (!error.field.empty()) {
    google::rpc::BadRequest bad;
    auto* const violation = bad.add_field_violations();
    violation->set_field(std::string(error.field));
    violation->set_description(std::string(error.message));
    static_cast<void>(status.add_details()->PackFrom(bad));
  }
  return status.SerializeAsString();
}

std::optional<GrpcDetails> read_grpc_details(std::string_view bytes) {
  google::rpc::Status status;
  if (!status.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  for (auto const& detail : status.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.Is<google::rpc::ErrorInfo>() || !detail.UnpackTo(&info)) continue;
    auto const code = info.metadata().find("code");
    return GrpcDetails{.reason = info.reason(),
                       .code = code == info.metadata().end() ? std::string() : code->second};
  }
  return std::nullopt;
}

}  // namespace aw::a2a
