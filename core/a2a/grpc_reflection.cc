// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/grpc_reflection.h"

#include <core/a2a/proto/a2a_v03.pb.h>
#include <core/a2a/proto/a2a_v1.pb.h>
#include <core/a2a/proto/grpc_health.pb.h>
#include <core/a2a/proto/grpc_reflection.pb.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <set>

namespace aw::a2a {
namespace {

namespace pb = google::protobuf;
namespace reflection = grpc::reflection::v1;

constexpr int kReflectionNotFound = 5;
constexpr std::array<std::string_view, 4> kGrpcServices = {
    "lf.a2a.v1.A2AService", "a2a.v1.A2AService", "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection"};

// Only what belongs to the services above: the process holds other schemas too, and those are
// nobody's business.
bool is_told(pb::FileDescriptor const& file) {
  std::set<pb::FileDescriptor const*> told;
  auto const add = [&told](auto const& self, pb::FileDescriptor const* one) -> void {
    if (one == nullptr || !told.insert(one).second) return;
    for (int i = 0; i < one->dependency_count(); ++i) self(self, one->dependency(i));
  };
  add(add, lf::a2a::v1::Task::descriptor()->file());
  add(add, ::a2a::v1::Task::descriptor()->file());
  add(add, grpc::health::v1::HealthCheckRequest::descriptor()->file());
  add(add, reflection::ServerReflectionRequest::descriptor()->file());
  return told.contains(&file);
}

void tell_error(reflection::ServerReflectionResponse& answer, std::string_view what) {
  auto* const error = answer.mutable_error_response();
  error->set_error_code(kReflectionNotFound);
  error->set_error_message(std::string(what));
}

// The file and everything it imports: clients need not ask again.
void tell_file(reflection::ServerReflectionResponse& answer, pb::FileDescriptor const* file) {
  if (file == nullptr || !is_told(*file)) return tell_error(answer, "not found");
  std::set<pb::FileDescriptor const*> seen;
  auto* const told = answer.mutable_file_descriptor_response();
  auto const add = [&](auto const& self, pb::FileDescriptor const* one) -> void {
    if (!seen.insert(one).second) return;
    pb::FileDescriptorProto proto;
    one->CopyTo(&proto);
    one->CopyJsonNameTo(&proto);
    told->add_file_descriptor_proto(proto.SerializeAsString());
    for (int i = 0; i < one->dependency_count(); ++i) self(self, one->dependency(i));
  };
  add(add, file);
}

void answer_reflection(reflection::ServerReflectionRequest const& asked,
                       reflection::ServerReflectionResponse& answer) {
  auto const* const pool = pb::DescriptorPool::generated_pool();
  using Asked = reflection::ServerReflectionRequest;
  switch (asked.message_request_case()) {
    case Asked::kListServices:
      for (auto const name : kGrpcServices)
        answer.mutable_list_services_response()->add_service()->set_name(std::string(name));
      return;
    case Asked::kFileByFilename:
      return tell_file(answer, pool->FindFileByName(asked.file_by_filename()));
    case Asked::kFileContainingSymbol: {
      auto name = asked.file_containing_symbol();
      if (name.starts_with("grpc.reflection.v1alpha.")) name.replace(16, 7, "v1");
      return tell_file(answer, pool->FindFileContainingSymbol(name));
    }
    case Asked::kFileContainingExtension:
    case Asked::kAllExtensionNumbersOfType:
    case Asked::MESSAGE_REQUEST_NOT_SET:
      return tell_error(answer, "there are no extensions");
  }
}

}  // namespace

Result<std::string> reflect(std::string_view request) {
  reflection::ServerReflectionRequest asked;
  if (!asked.ParseFromArray(request.data(), static_cast<int>(request.size())))
    return make_error(Code::request_malformed, "no reflection request");
  reflection::ServerReflectionResponse answer;
  answer.set_valid_host(asked.host());
  *answer.mutable_original_request() = asked;
  answer_reflection(asked, answer);
  return answer.SerializeAsString();
}

Result<std::string> health_answer(std::string_view request, Serving serving) {
  grpc::health::v1::HealthCheckRequest asked;
  if (!asked.ParseFromArray(request.data(), static_cast<int>(request.size())))
    return make_error(Code::request_malformed, "no health check request");
  if (!asked.service().empty() &&
      std::ranges::find(kGrpcServices, asked.service()) == kGrpcServices.end())
    return make_error(Code::not_found, "no such service");
  grpc::health::v1::HealthCheckResponse answer;
  answer.set_status(serving == Serving::yes ? grpc::health::v1::HealthCheckResponse::SERVING
                                            : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  return answer.SerializeAsString();
}

}  // namespace aw::a2a
