// SPDX-License-Identifier: Apache-2.0
// The gRPC binding: lf.a2a.v1 is 1.0, a2a.v1 is 0.3. The message becomes JSON and is read as every
// other binding's is. Beside it gRPC's own services: health and reflection.
#include <array>

#include "core/a2a/bindings.h"
#include "core/a2a/grpc_codec.h"
#include "core/a2a/grpc_frame.h"

namespace aw::a2a {
namespace {

constexpr std::string_view kServiceV1 = "/lf.a2a.v1.A2AService/";
constexpr std::string_view kServiceV03 = "/a2a.v1.A2AService/";

struct GrpcMethod {
  std::string_view name;
  Dialect dialect;
  Kind kind;
  std::string_view request;
};

constexpr std::array kGrpcMethods = {
    GrpcMethod{"SendMessage", Dialect::v1_0, Kind::send, "SendMessageRequest"},
    GrpcMethod{"SendStreamingMessage", Dialect::v1_0, Kind::stream, "SendMessageRequest"},
    GrpcMethod{"GetTask", Dialect::v1_0, Kind::get, "GetTaskRequest"},
    GrpcMethod{"ListTasks", Dialect::v1_0, Kind::list, "ListTasksRequest"},
    GrpcMethod{"CancelTask", Dialect::v1_0, Kind::cancel, "CancelTaskRequest"},
    GrpcMethod{"SubscribeToTask", Dialect::v1_0, Kind::subscribe, "SubscribeToTaskRequest"},
    GrpcMethod{"GetExtendedAgentCard", Dialect::v1_0, Kind::extended_card,
               "GetExtendedAgentCardRequest"},
    GrpcMethod{"CreateTaskPushNotificationConfig", Dialect::v1_0, Kind::push_create,
               "TaskPushNotificationConfig"},
    GrpcMethod{"GetTaskPushNotificationConfig", Dialect::v1_0, Kind::push_get,
               "GetTaskPushNotificationConfigRequest"},
    GrpcMethod{"ListTaskPushNotificationConfigs", Dialect::v1_0, Kind::push_list,
               "ListTaskPushNotificationConfigsRequest"},
    GrpcMethod{"DeleteTaskPushNotificationConfig", Dialect::v1_0, Kind::push_delete,
               "DeleteTaskPushNotificationConfigRequest"},
    GrpcMethod{"SendMessage", Dialect::v0_3, Kind::send, "SendMessageRequest"},
    GrpcMethod{"SendStreamingMessage", Dialect::v0_3, Kind::stream, "SendMessageRequest"},
    GrpcMethod{"GetTask", Dialect::v0_3, Kind::get, "GetTaskRequest"},
    GrpcMethod{"CancelTask", Dialect::v0_3, Kind::cancel, "CancelTaskRequest"},
    GrpcMethod{"TaskSubscription", Dialect::v0_3, Kind::subscribe, "TaskSubscriptionRequest"},
    GrpcMethod{"CreateTaskPushNotificationConfig", Dialect::v0_3, Kind::push_create,
               "CreateTaskPushNotificationConfigRequest"},
    GrpcMethod{"GetTaskPushNotificationConfig", Dialect::v0_3, Kind::push_get,
               "GetTaskPushNotificationConfigRequest"},
    GrpcMethod{"ListTaskPushNotificationConfig", Dialect::v0_3, Kind::push_list,
               "ListTaskPushNotificationConfigRequest"},
    GrpcMethod{"DeleteTaskPushNotificationConfig", Dialect::v0_3, Kind::push_delete,
               "DeleteTaskPushNotificationConfigRequest"},
    GrpcMethod{"GetAgentCard", Dialect::v0_3, Kind::extended_card, "GetAgentCardRequest"},
};

// Exactly what stands behind the service: policy sees the path as it came, and must not meet a
// method under another name.
GrpcMethod const* find_grpc_method(std::string_view path, Dialect dialect) {
  auto const name = path.substr((dialect == Dialect::v1_0 ? kServiceV1 : kServiceV03).size());
  for (auto const& row : kGrpcMethods)
    if (row.dialect == dialect && row.name == name) return &row;
  return nullptr;
}

std::optional<GrpcAside::What> find_aside(std::string_view path) {
  using What = GrpcAside::What;
  if (path == "/grpc.health.v1.Health/Check") return What::health_check;
  if (path == "/grpc.health.v1.Health/Watch") return What::health_watch;
  if (is_grpc_conversation(path)) return What::reflection;
  return std::nullopt;
}

// The proto of 0.3 has no way to leave `blocking` out: its false is said.
void mend_blocking(JsonView params, Operation& operation) {
  if (operation.shape.dialect != Dialect::v0_3 || !operation.is_send()) return;
  JsonObject const from(params);
  auto const configuration = from.get("configuration");
  if (configuration.present() && !configuration.get("blocking").present())
    operation.send.wait = Wait::no;
}

MaybeWrong read_grpc_params(http::Request const& request, GrpcMethod const& method,
                            RouterOptions const& options, Operation& operation) {
  auto json = grpc_to_json(grpc_type(method.dialect, method.request), request.body);
  if (!json.ok()) return Wrong{ProtocolError::params, json.error().message};
  // Bytes grow by a third as base64, control characters by more.
  auto const checked = check_json(*json, {2 * options.max_body, options.max_depth});
  if (!checked.ok()) return Wrong{ProtocolError::params, checked.error().message};
  operation.payload_bytes = request.body.size();
  operation.params = std::move(*json);
  JsonView const params{std::string_view(operation.params)};
  auto wrong = read_params(params, options, operation);
  mend_blocking(params, operation);
  return wrong;
}

MaybeWrong check_grpc_version(http::Request const& request, Dialect dialect,
                              RouterOptions const& options) {
  auto const asked = asked_version(request);
  auto const wanted = dialect == Dialect::v1_0 ? AskedVersion::v1_0 : AskedVersion::v0_3;
  if ((asked == AskedVersion::unsaid || asked == wanted) && speaks(options, dialect))
    return std::nullopt;
  return Wrong{ProtocolError::version, "this A2A version is not supported"};
}

}  // namespace

bool is_grpc_conversation(std::string_view path) {
  return path == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" ||
         path == "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
}

Parsed parse_grpc(http::Request const& request, RouterOptions const& options) {
  Operation operation;
  operation.shape = shape_of(request);
  operation.method = request.path.substr(1);
  if (auto const aside = find_aside(request.path))
    return GrpcAside{*aside, operation.shape, operation.method};
  bool const ours = request.path.starts_with(kServiceV1) || request.path.starts_with(kServiceV03);
  auto const dialect = operation.shape.dialect;
  if (auto wrong = check_grpc_version(request, dialect, options); wrong && ours)
    return refuse(operation.shape, operation.method, *wrong);
  auto const* const method = ours ? find_grpc_method(request.path, dialect) : nullptr;
  if (method == nullptr)
    return refuse(operation.shape, operation.method, {ProtocolError::method, "no such method"});
  if (auto const text = header(request, "grpc-timeout"); !text.empty()) {
    operation.timeout = parse_grpc_timeout(text);
    if (!operation.timeout)
      return refuse(operation.shape, operation.method,
                    {ProtocolError::params, "grpc-timeout is not readable"});
  }
  operation.kind = method->kind;
  if (auto wrong = read_grpc_params(request, *method, options, operation))
    return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

}  // namespace aw::a2a
