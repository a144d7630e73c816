// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/a2a/grpc_answer.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/grpc_reflection.h"
#include "core/a2a/refusal.h"
#include "core/base/text.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {
namespace {

using namespace std::chrono_literals;

Router const kGrpcRouter(RouterOptions{.capabilities = {"echo", "greet"}});

http::Request grpc_request(std::string path, std::string_view type, std::string_view json) {
  http::Request out = request("POST", std::move(path));
  out.version = http::Version::http2;
  out.headers.set("content-type", "application/grpc");
  out.body = grpc_from_json(type, json).value();
  return out;
}

std::string_view trailer(http::Response const& response, std::string_view name) {
  return response.trailers.get(name).value_or("none");
}

constexpr auto kSend = R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}],
  "metadata":{"skill":"echo"}}})";

}  // namespace

TEST_CASE("gRPC messages are cut out of a body however its bytes arrive") {
  std::string wire;
  append_grpc_frame(wire, "first");
  append_grpc_frame(wire, "");
  append_grpc_frame(wire, std::string(70'000, 'x'));
  for (std::size_t const step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, wire.size()}) {
    GrpcFrames frames(100'000);
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      frames.feed(std::string_view(wire).substr(at, step));
      while (auto const message = frames.next().value()) sizes.push_back(message->size());
    }
    CHECK(sizes == std::vector<std::size_t>{5, 0, 70'000});
    CHECK(frames.empty());
  }
}

TEST_CASE(
    "a gRPC message that is too large is refused by its prefix, a compressed one by its flag") {
  struct Row {
    std::string bytes;
    Code code;
  };
  for (auto const& row :
       std::initializer_list<Row>{{std::string("\0\0\0\0\x0b", 5), Code::too_large},
                                  {std::string("\0\xff\xff\xff\xff", 5), Code::too_large},
                                  {std::string("\1\0\0\0\1x", 6), Code::unsupported_encoding},
                                  {std::string("\2\0\0\0\1x", 6), Code::request_malformed}}) {
    GrpcFrames frames(10);
    frames.feed(row.bytes);
    CHECK(frames.next().error().code == row.code);
  }
}

TEST_CASE("grpc-timeout is read as its grammar says and nothing else is") {
  struct Row {
    std::string_view text;
    std::optional<std::chrono::nanoseconds> time;
  };
  for (auto const& row : std::initializer_list<Row>{{"100m", 100ms},
                                                    {"1S", 1s},
                                                    {"2M", 2min},
                                                    {"5u", 5us},
                                                    {"7n", 7ns},
                                                    {"99999999H", 24h * 365},
                                                    {"0S", 0s},
                                                    {"", {}},
                                                    {"S", {}},
                                                    {"1", {}},
                                                    {"1s", {}},
                                                    {"-1S", {}},
                                                    {"1.5S", {}},
                                                    {"123456789S", {}},
                                                    {" 1S", {}}})
    CHECK_MESSAGE(parse_grpc_timeout(row.text) == row.time, row.text);
}

TEST_CASE("any text fits grpc-message") {
  CHECK(grpc_message_of("plain text") == "plain text");
  CHECK(grpc_message_of("50% \n\xc3\xa9") == "50%25 %0A%C3%A9");
}

TEST_CASE("both gRPC services are understood as every other binding is") {
  struct Row {
    std::string path;
    std::string_view type;
    std::string_view json;
    Kind kind;
    std::string_view task;
  };
  std::string const v1 = "/lf.a2a.v1.A2AService/";
  std::string const v03 = "/a2a.v1.A2AService/";
  for (
      auto const& row : std::initializer_list<Row>{
          {v1 + "SendMessage", "lf.a2a.v1.SendMessageRequest", kSend, Kind::send, ""},
          {v1 + "SendStreamingMessage", "lf.a2a.v1.SendMessageRequest", kSend, Kind::stream, ""},
          {v1 + "GetTask", "lf.a2a.v1.GetTaskRequest", R"({"id":"T","historyLength":0})", Kind::get,
           "T"},
          {v1 + "ListTasks", "lf.a2a.v1.ListTasksRequest", R"({"status":"TASK_STATE_WORKING"})",
           Kind::list, ""},
          {v1 + "CancelTask", "lf.a2a.v1.CancelTaskRequest", R"({"id":"T"})", Kind::cancel, "T"},
          {v1 + "SubscribeToTask", "lf.a2a.v1.SubscribeToTaskRequest", R"({"id":"T"})",
           Kind::subscribe, "T"},
          {v1 + "GetExtendedAgentCard", "lf.a2a.v1.GetExtendedAgentCardRequest", "{}",
           Kind::extended_card, ""},
          {v1 + "CreateTaskPushNotificationConfig", "lf.a2a.v1.TaskPushNotificationConfig",
           R"({"taskId":"T","url":"https://x.example/"})", Kind::push_create, "T"},
          {v1 + "GetTaskPushNotificationConfig", "lf.a2a.v1.GetTaskPushNotificationConfigRequest",
           R"({"taskId":"T","id":"c"})", Kind::push_get, "T"},
          {v1 + "ListTaskPushNotificationConfigs",
           "lf.a2a.v1.ListTaskPushNotificationConfigsRequest", R"({"taskId":"T"})", Kind::push_list,
           "T"},
          {v1 + "DeleteTaskPushNotificationConfig",
           "lf.a2a.v1.DeleteTaskPushNotificationConfigRequest", R"({"taskId":"T","id":"c"})",
           Kind::push_delete, "T"},
          {v03 + "SendMessage", "a2a.v1.SendMessageRequest",
           R"({"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"hi"}],
            "metadata":{"skill":"echo"}},"configuration":{"blocking":true}})",
           Kind::send, ""},
          {v03 + "GetTask", "a2a.v1.GetTaskRequest", R"({"name":"tasks/T"})", Kind::get, "T"},
          {v03 + "CancelTask", "a2a.v1.CancelTaskRequest", R"({"name":"tasks/T"})", Kind::cancel,
           "T"},
          {v03 + "TaskSubscription", "a2a.v1.TaskSubscriptionRequest", R"({"name":"tasks/T"})",
           Kind::subscribe, "T"},
          {v03 + "GetAgentCard", "a2a.v1.GetAgentCardRequest", "{}", Kind::extended_card, ""},
          {v03 + "CreateTaskPushNotificationConfig",
           "a2a.v1.CreateTaskPushNotificationConfigRequest",
           R"({"parent":"tasks/T","configId":"c","config":{"pushNotificationConfig":{"url":"https://x.example/"}}})",
           Kind::push_create, "T"},
          {v03 + "GetTaskPushNotificationConfig", "a2a.v1.GetTaskPushNotificationConfigRequest",
           R"({"name":"tasks/T/pushNotificationConfigs/c"})", Kind::push_get, "T"},
          {v03 + "ListTaskPushNotificationConfig", "a2a.v1.ListTaskPushNotificationConfigRequest",
           R"({"parent":"tasks/T"})", Kind::push_list, "T"},
          {v03 + "DeleteTaskPushNotificationConfig",
           "a2a.v1.DeleteTaskPushNotificationConfigRequest",
           R"({"name":"tasks/T/pushNotificationConfigs/c"})", Kind::push_delete, "T"},
      }) {
    auto const parsed = kGrpcRouter.parse(grpc_request(row.path, row.type, row.json));
    REQUIRE_MESSAGE(std::holds_alternative<Operation>(parsed), row.path);
    auto const& operation = std::get<Operation>(parsed);
    CHECK(operation.kind == row.kind);
    CHECK(operation.task_id == row.task);
    CHECK(operation.shape.binding == Binding::grpc);
    CHECK(operation.method == row.path.substr(1));
    if (row.kind == Kind::push_get || row.kind == Kind::push_delete)
      CHECK(operation.push.id == "c");
    if (operation.is_send()) {
      CHECK(operation.capability == "echo");
      CHECK(operation.send.wait == Wait::until_done);
    }
  }
}

TEST_CASE("a gRPC request that is not understood ends with its status and reason in trailers") {
  struct Row {
    std::string path;
    std::string body;
    std::string version;
    std::string_view status;
    std::string_view reason;
  };
  std::string const v1 = "/lf.a2a.v1.A2AService/";
  for (auto const& row :
       std::initializer_list<Row>{{v1 + "NoSuchMethod", "", "", "12", "METHOD_NOT_FOUND"},
                                  {"/x.Y/Z", "", "", "12", "METHOD_NOT_FOUND"},
                                  {v1 + "x/GetTask", "", "", "12", "METHOD_NOT_FOUND"},
                                  {v1 + "ListTasks/GetTask", "", "", "12", "METHOD_NOT_FOUND"},
                                  {v1 + "GetTask", "\xff\xff", "", "3", "INVALID_PARAMS"},
                                  {v1 + "GetTask", "", "", "3", "INVALID_PARAMS"},
                                  {v1 + "GetTask", "", "99.0", "9", "VERSION_NOT_SUPPORTED"},
                                  {v1 + "GetTask", "", "0.3", "9", "VERSION_NOT_SUPPORTED"},
                                  {v1 + "SendMessage", "", "", "3", "INVALID_PARAMS"}}) {
    http::Request asked = request("POST", row.path);
    asked.version = http::Version::http2;
    asked.headers.set("content-type", "application/grpc");
    asked.body = row.body;
    if (!row.version.empty()) asked.headers.add("a2a-version", row.version);
    auto const parsed = kGrpcRouter.parse(asked);
    REQUIRE_MESSAGE(std::holds_alternative<Refused>(parsed), row.path);
    auto const& answer = std::get<Refused>(parsed).response;
    CHECK(answer.status == 200);
    CHECK(answer.body.empty());
    CHECK(trailer(answer, "grpc-status") == row.status);
    auto const details = text::from_base64(trailer(answer, "grpc-status-details-bin"));
    REQUIRE(details);
    auto const status = nlohmann::json::parse(grpc_to_json("google.rpc.Status", *details).value());
    CHECK(status["details"][0]["reason"] == std::string(row.reason));
    CHECK(status["details"][0]["domain"] == "a2a-protocol.org");
  }
}

TEST_CASE("gRPC is gRPC over HTTP/2 only, and grpc-web is not") {
  auto asked = request("POST", "/lf.a2a.v1.A2AService/GetTask");
  asked.headers.set("content-type", "application/grpc");
  CHECK_FALSE(is_grpc(asked));
  asked.version = http::Version::http2;
  CHECK(is_grpc(asked));
  asked.headers.set("content-type", "application/grpc+proto; x=y");
  CHECK(is_grpc(asked));
  for (auto const* const other : {"application/grpc-web", "application/grpc+json", "text/plain"}) {
    asked.headers.set("content-type", other);
    CHECK_FALSE(is_grpc(asked));
  }
}

TEST_CASE("0.3's blocking of false cannot be left out of its proto, so it counts") {
  auto const parsed = kGrpcRouter.parse(
      grpc_request("/a2a.v1.A2AService/SendMessage", "a2a.v1.SendMessageRequest",
                   R"({"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"hi"}],
      "metadata":{"skill":"echo"}},"configuration":{}})"));
  CHECK(std::get<Operation>(parsed).send.wait == Wait::no);
}

TEST_CASE("gates refuse gRPC callers with the code's own status") {
  Shape const shape{.binding = Binding::grpc, .dialect = Dialect::v1_0};
  struct Row {
    Code code;
    std::string_view status;
  };
  for (auto const& row : std::initializer_list<Row>{{Code::denied_by_policy, "7"},
                                                    {Code::replayed, "6"},
                                                    {Code::rate_limited, "8"},
                                                    {Code::too_large, "8"},
                                                    {Code::pdp_unavailable, "14"},
                                                    {Code::timeout, "4"},
                                                    {Code::peer_unverified, "16"}}) {
    auto const answer = refusal(shape, {.code = row.code, .decision_id = "d-1"});
    CHECK_MESSAGE(trailer(answer, "grpc-status") == row.status, code_name(row.code));
    auto const details = text::from_base64(trailer(answer, "grpc-status-details-bin"));
    auto const status = nlohmann::json::parse(grpc_to_json("google.rpc.Status", *details).value());
    CHECK(status["details"][0]["metadata"]["code"] == code_name(row.code));
    CHECK(status["details"][0]["metadata"]["decision_id"] == "d-1");
  }
}

TEST_CASE("reflection tells our services and no other schema of the process") {
  auto const ask = [](std::string_view json) {
    auto const answer =
        reflect(grpc_from_json("grpc.reflection.v1.ServerReflectionRequest", json).value()).value();
    return nlohmann::json::parse(
        grpc_to_json("grpc.reflection.v1.ServerReflectionResponse", answer).value());
  };
  auto const services = ask(R"({"listServices":"*"})")["listServicesResponse"]["service"];
  CHECK(services.size() == 4);
  CHECK(services[0]["name"] == "lf.a2a.v1.A2AService");
  auto const file = ask(R"({"fileContainingSymbol":"a2a.v1.A2AService"})");
  CHECK(file["fileDescriptorResponse"]["fileDescriptorProto"].size() >= 4);  // with its imports
  auto const alpha = ask(R"({"fileContainingSymbol":"grpc.reflection.v1alpha.ServerReflection"})");
  CHECK(alpha.contains("fileDescriptorResponse"));
  for (auto const* const other :
       {R"({"fileContainingSymbol":"no.Such"})", R"({"fileByFilename":"nothing.proto"})",
        R"({"fileContainingSymbol":"google.rpc.Status"})", R"({"allExtensionNumbersOfType":"x"})",
        "{}"})
    CHECK(ask(other)["errorResponse"]["errorCode"] == 5);
  CHECK(reflect("\xff").error().code == Code::request_malformed);
}

TEST_CASE("health speaks of the agent and of each service, and knows no other") {
  auto const ask = [](std::string_view json, Serving serving) -> Result<std::string> {
    AW_TRY(
        auto const answer,
        health_answer(grpc_from_json("grpc.health.v1.HealthCheckRequest", json).value(), serving));
    return grpc_to_json("grpc.health.v1.HealthCheckResponse", answer);
  };
  CHECK(ask("{}", Serving::yes).value() == R"({"status":"SERVING"})");
  CHECK(ask("{}", Serving::no).value() == R"({"status":"NOT_SERVING"})");
  CHECK(ask(R"({"service":"a2a.v1.A2AService"})", Serving::yes).ok());
  CHECK(ask(R"({"service":"x"})", Serving::yes).error().code == Code::not_found);
}

TEST_CASE("what a gRPC message cannot hold is the agent's fault, not a crash") {
  auto const answer = grpc_message(Dialect::v1_0, "Task", R"({"id":{}})");
  CHECK(trailer(answer, "grpc-status") == "13");
  CHECK(answer.body.empty());
}

}  // namespace aw::a2a::test
