// SPDX-License-Identifier: Apache-2.0
// Every row of A2A's operation table, in each binding and version that has it, as the bytes a
// client sends.
#include <doctest/doctest.h>

#include "core/a2a/grpc_codec.h"
#include "core/a2a/router.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {
namespace {

constexpr std::string_view kMessageV1 =
    R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}})";
constexpr std::string_view kMessageV03 =
    R"({"message":{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"text","text":"hi"}]}})";
constexpr std::string_view kMessageProto =
    R"({"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"hi"}]}})";
constexpr std::string_view kHook = R"({"taskId":"T1","id":"c","url":"https://x.example/"})";
constexpr std::string_view kHookV03 =
    R"({"taskId":"T1","pushNotificationConfig":{"id":"c","url":"https://x.example/"}})";
constexpr std::string_view kHookProto =
    R"({"parent":"tasks/T1","configId":"c","config":{"name":"tasks/T1/pushNotificationConfigs/c","pushNotificationConfig":{"id":"c","url":"https://x.example/"}}})";
constexpr std::string_view kHookName = R"({"name":"tasks/T1/pushNotificationConfigs/c"})";

// A way to ask for one operation. `name` is the JSON-RPC or gRPC method; REST has verb and path.
struct Asked {
  Kind kind;
  Binding binding;
  Dialect dialect;
  std::string_view name;
  std::string_view params;          // or the REST body, or the gRPC message as JSON
  std::string_view path = {};       // REST
  std::string_view grpc_type = {};  // when it is not the method's name with Request
};

using enum Kind;
using enum Dialect;
using enum Binding;
constexpr std::string_view kById = R"({"id":"T1"})";
constexpr std::string_view kByName = R"({"name":"tasks/T1"})";
constexpr std::string_view kConfigById = R"({"taskId":"T1","id":"c"})";
constexpr std::string_view kConfigV03 = R"({"id":"T1","pushNotificationConfigId":"c"})";
constexpr std::string_view kConfigs = "/tasks/T1/pushNotificationConfigs";
constexpr std::string_view kConfig = "/tasks/T1/pushNotificationConfigs/c";
constexpr std::string_view kOldConfigs = "/v1/tasks/T1/pushNotificationConfigs";
constexpr std::string_view kOldConfig = "/v1/tasks/T1/pushNotificationConfigs/c";

constexpr Asked kTable[] = {
    {send, json_rpc, v1_0, "SendMessage", kMessageV1},
    {send, json_rpc, v0_3, "message/send", kMessageV03},
    {send, http_json, v1_0, "POST", kMessageV1, "/message:send"},
    {send, http_json, v0_3, "POST", kMessageProto, "/v1/message:send"},
    {send, grpc, v1_0, "SendMessage", kMessageV1},
    {send, grpc, v0_3, "SendMessage", kMessageProto},
    {stream, json_rpc, v1_0, "SendStreamingMessage", kMessageV1},
    {stream, json_rpc, v0_3, "message/stream", kMessageV03},
    {stream, http_json, v1_0, "POST", kMessageV1, "/message:stream"},
    {stream, http_json, v0_3, "POST", kMessageProto, "/v1/message:stream"},
    {stream, grpc, v1_0, "SendStreamingMessage", kMessageV1, {}, "SendMessageRequest"},
    {stream, grpc, v0_3, "SendStreamingMessage", kMessageProto, {}, "SendMessageRequest"},
    {get, json_rpc, v1_0, "GetTask", kById},
    {get, json_rpc, v0_3, "tasks/get", kById},
    {get, http_json, v1_0, "GET", "", "/tasks/T1"},
    {get, http_json, v0_3, "GET", "", "/v1/tasks/T1"},
    {get, grpc, v1_0, "GetTask", kById},
    {get, grpc, v0_3, "GetTask", kByName},
    {list, json_rpc, v1_0, "ListTasks", "{}"},
    {list, http_json, v1_0, "GET", "", "/tasks"},
    {list, grpc, v1_0, "ListTasks", "{}"},
    {cancel, json_rpc, v1_0, "CancelTask", kById},
    {cancel, json_rpc, v0_3, "tasks/cancel", kById},
    {cancel, http_json, v1_0, "POST", "", "/tasks/T1:cancel"},
    {cancel, http_json, v1_0, "POST", "{}", "/tasks/T1:cancel"},
    {cancel, http_json, v0_3, "POST", "", "/v1/tasks/T1:cancel"},
    {cancel, grpc, v1_0, "CancelTask", kById},
    {cancel, grpc, v0_3, "CancelTask", kByName},
    {subscribe, json_rpc, v1_0, "SubscribeToTask", kById},
    {subscribe, json_rpc, v0_3, "tasks/resubscribe", kById},
    {subscribe, http_json, v1_0, "GET", "", "/tasks/T1:subscribe"},
    {subscribe, http_json, v1_0, "POST", "", "/tasks/T1:subscribe"},
    {subscribe, http_json, v0_3, "GET", "", "/v1/tasks/T1:subscribe"},
    {subscribe, http_json, v0_3, "POST", "", "/v1/tasks/T1:subscribe"},
    {subscribe, grpc, v1_0, "SubscribeToTask", kById},
    {subscribe, grpc, v0_3, "TaskSubscription", kByName},
    {push_create, json_rpc, v1_0, "CreateTaskPushNotificationConfig", kHook},
    {push_create, json_rpc, v0_3, "tasks/pushNotificationConfig/set", kHookV03},
    {push_create, http_json, v1_0, "POST", kHook, kConfigs},
    {push_create, http_json, v0_3, "POST", kHookProto, kOldConfigs},
    {push_create,
     grpc,
     v1_0,
     "CreateTaskPushNotificationConfig",
     kHook,
     {},
     "TaskPushNotificationConfig"},
    {push_create, grpc, v0_3, "CreateTaskPushNotificationConfig", kHookProto},
    {push_get, json_rpc, v1_0, "GetTaskPushNotificationConfig", kConfigById},
    {push_get, json_rpc, v0_3, "tasks/pushNotificationConfig/get", kConfigV03},
    {push_get, http_json, v1_0, "GET", "", kConfig},
    {push_get, http_json, v0_3, "GET", "", kOldConfig},
    {push_get, grpc, v1_0, "GetTaskPushNotificationConfig", kConfigById},
    {push_get, grpc, v0_3, "GetTaskPushNotificationConfig", kHookName},
    {push_list, json_rpc, v1_0, "ListTaskPushNotificationConfigs", R"({"taskId":"T1"})"},
    {push_list, json_rpc, v0_3, "tasks/pushNotificationConfig/list", kById},
    {push_list, http_json, v1_0, "GET", "", kConfigs},
    {push_list, http_json, v0_3, "GET", "", kOldConfigs},
    {push_list, grpc, v1_0, "ListTaskPushNotificationConfigs", R"({"taskId":"T1"})"},
    {push_list, grpc, v0_3, "ListTaskPushNotificationConfig", R"({"parent":"tasks/T1"})"},
    {push_delete, json_rpc, v1_0, "DeleteTaskPushNotificationConfig", kConfigById},
    {push_delete, json_rpc, v0_3, "tasks/pushNotificationConfig/delete", kConfigV03},
    {push_delete, http_json, v1_0, "DELETE", "", kConfig},
    {push_delete, http_json, v0_3, "DELETE", "", kOldConfig},
    {push_delete, grpc, v1_0, "DeleteTaskPushNotificationConfig", kConfigById},
    {push_delete, grpc, v0_3, "DeleteTaskPushNotificationConfig", kHookName},
    {extended_card, json_rpc, v1_0, "GetExtendedAgentCard", "{}"},
    {extended_card, json_rpc, v0_3, "agent/getAuthenticatedExtendedCard", ""},
    {extended_card, http_json, v1_0, "GET", "", "/extendedAgentCard"},
    {extended_card, http_json, v0_3, "GET", "", "/v1/card"},
    {extended_card, grpc, v1_0, "GetExtendedAgentCard", "{}"},
    {extended_card, grpc, v0_3, "GetAgentCard", "{}"},
};

http::Request rpc_request(Asked const& asked) {
  std::string body = R"({"jsonrpc":"2.0","id":7,"method":")" + std::string(asked.name) + '"';
  if (!asked.params.empty()) body += R"(,"params":)" + std::string(asked.params);
  return request("POST", "/rpc", body + "}");
}

http::Request grpc_bytes(Asked const& asked) {
  auto const type =
      asked.grpc_type.empty() ? std::string(asked.name) + "Request" : std::string(asked.grpc_type);
  auto out =
      request("POST", (asked.dialect == v1_0 ? "/lf.a2a.v1.A2AService/" : "/a2a.v1.A2AService/") +
                          std::string(asked.name));
  out.version = http::Version::http2;
  out.headers.set("content-type", "application/grpc");
  out.body = grpc_from_json(grpc_type(asked.dialect, type), asked.params).value();
  return out;
}

http::Request as_sent(Asked const& asked) {
  auto out = asked.binding == json_rpc ? rpc_request(asked)
             : asked.binding == grpc   ? grpc_bytes(asked)
                                       : request(std::string(asked.name), std::string(asked.path),
                                                 std::string(asked.params));
  if (asked.dialect == v1_0) out.headers.set("a2a-version", "1.0");
  return out;
}

bool names_a_task(Kind kind) {
  return kind != send && kind != stream && kind != list && kind != extended_card;
}

}  // namespace

TEST_CASE("every operation is understood in each binding and version that has it") {
  Router const router({.capabilities = {"echo"}});
  for (auto const& asked : kTable) {
    CAPTURE(asked.name);
    CAPTURE(asked.path);
    CAPTURE(binding_name(asked.binding));
    CAPTURE(dialect_name(asked.dialect));
    auto const parsed = router.parse(as_sent(asked));
    auto const* const operation = std::get_if<Operation>(&parsed);
    REQUIRE(operation != nullptr);
    CHECK(operation->kind == asked.kind);
    CHECK(operation->shape.binding == asked.binding);
    CHECK(operation->shape.dialect == asked.dialect);
    if (names_a_task(asked.kind)) {
      auto const& id = operation->task_id.empty() ? operation->push.task_id : operation->task_id;
      CHECK(id == "T1");
    }
    if (asked.kind == push_create) CHECK(operation->push.url == "https://x.example/");
    if (asked.kind == push_get || asked.kind == push_delete) CHECK(operation->push.id == "c");
    if (operation->is_send()) CHECK(operation->send.message->parts[0]->value == "hi");
  }
}

TEST_CASE("an agent that speaks one version understands nothing of the other") {
  for (auto const* const only : {"1.0", "0.3"}) {
    Router const router({.capabilities = {"echo"}, .versions = {only}});
    for (auto const& asked : kTable) {
      CAPTURE(only);
      CAPTURE(asked.name);
      CAPTURE(asked.path);
      CAPTURE(binding_name(asked.binding));
      auto const parsed = router.parse(as_sent(asked));
      CHECK(std::holds_alternative<Operation>(parsed) == (dialect_name(asked.dialect) == only));
    }
  }
}

TEST_CASE("an unknown version is refused in every binding, whatever is asked") {
  Router const router({.capabilities = {"echo"}});
  for (auto const& asked : kTable) {
    CAPTURE(asked.name);
    CAPTURE(asked.path);
    auto sent = as_sent(asked);
    sent.headers.set("a2a-version", "7.3");
    auto const parsed = router.parse(sent);
    REQUIRE(std::holds_alternative<Refused>(parsed));
    CHECK(std::get<Refused>(parsed).code == Code::version_not_supported);
  }
}

}  // namespace aw::a2a::test
