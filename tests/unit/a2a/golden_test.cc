// SPDX-License-Identifier: Apache-2.0
// What every operation and every error looks like on the wire, byte for byte, in each binding and
// version.
#include <doctest/doctest.h>

#include <array>

#include "core/a2a/answer.h"
#include "core/a2a/grpc_codec.h"
#include "core/a2a/refusal.h"
#include "core/base/text.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {
namespace {

Shape golden_shape(Binding binding, Dialect dialect) {
  return {.binding = binding, .dialect = dialect, .rpc_id = "7"};
}

constexpr WallTime kNoon{std::chrono::seconds(1'800'000'000)};  // 2027-01-15T08:00:00Z

TaskPtr golden_task() {
  auto task = std::make_shared<Task>();
  task->id = "T1";
  task->context_id = "C1";
  task->owner = kAda;
  task->capability = "echo";
  auto said = std::make_shared<Message>(
      Message{.id = "m1", .role = Role::user, .task_id = "T1", .context_id = "C1"});
  said->parts = {text_part("hi")};
  task->history = {said};
  auto answer = std::make_shared<Message>(
      Message{.id = "m2", .role = Role::agent, .task_id = "T1", .context_id = "C1"});
  answer->parts = {text_part("done")};
  task->status = {TaskState::completed, answer, kNoon};
  auto artifact = std::make_shared<Artifact>(Artifact{.id = "a1", .name = "out"});
  artifact->parts = {data_part(R"({"n":1})"),
                     std::make_shared<const Part>(Part{.kind = PartKind::raw,
                                                       .value = "aGk=",
                                                       .filename = "f.txt",
                                                       .media_type = "text/plain"})};
  task->artifacts = {artifact};
  task->payload = std::make_shared<const std::string>("{}");
  task->created = task->updated = kNoon;
  return task;
}

constexpr std::string_view kTaskV1 =
    R"({"id":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m2",)"
    R"("contextId":"C1","taskId":"T1","role":"ROLE_AGENT","parts":[{"text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"data":{"n":1}},{"raw":"aGk=","filename":"f.txt","mediaType":"text/plain"}]}],"history":[)"
    R"({"messageId":"m1","contextId":"C1","taskId":"T1","role":"ROLE_USER","parts":[{"text":"hi"}]}]})";
constexpr std::string_view kTaskV03 =
    R"({"kind":"task","id":"T1","contextId":"C1","status":{"state":"completed","message":{"kind":"message",)"
    R"("messageId":"m2","contextId":"C1","taskId":"T1","role":"agent","parts":[{"kind":"text","text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"kind":"data","data":{"n":1}},{"kind":"file","file":{"bytes":"aGk=","mimeType":"text/plain","name":"f.txt"}}]}],)"
    R"("history":[{"kind":"message","messageId":"m1","contextId":"C1","taskId":"T1","role":"user","parts":[)"
    R"({"kind":"text","text":"hi"}]}]})";
constexpr std::string_view kTaskProto03 =
    R"({"id":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m2",)"
    R"("contextId":"C1","taskId":"T1","role":"ROLE_AGENT","content":[{"text":"done"}]},)"
    R"("timestamp":"2027-01-15T08:00:00.000Z"},"artifacts":[{"artifactId":"a1","name":"out","parts":[)"
    R"({"data":{"data":{"n":1}}},{"file":{"fileWithBytes":"aGk=","mimeType":"text/plain","name":"f.txt"}}]}],)"
    R"("history":[{"messageId":"m1","contextId":"C1","taskId":"T1","role":"ROLE_USER","content":[{"text":"hi"}]}]})";

std::string in_rpc(std::string_view result) {
  return R"({"jsonrpc":"2.0","id":7,"result":)" + std::string(result) + "}";
}
std::string wrapped(std::string_view name, std::string_view value) {
  return "{\"" + std::string(name) + "\":" + std::string(value) + "}";
}

// A gRPC answer's message as protobuf's own JSON, which sorts nothing and leaves defaults out.
std::string grpc_json(http::Response const& answer, std::string_view type) {
  REQUIRE(answer.trailers.get("grpc-status") == "0");
  REQUIRE(answer.body.size() >= 5);
  return grpc_to_json(type, std::string_view(answer.body).substr(5)).value();
}

bool same_json(std::string_view a, std::string_view b) {
  return nlohmann::json::parse(a) == nlohmann::json::parse(b);
}

}  // namespace

TEST_CASE("a task is spelled in each binding and version as its readers expect, byte for byte") {
  auto const task = golden_task();
  auto const get = [&task](Binding binding, Dialect dialect) {
    return task_response(golden_shape(binding, dialect), *task, {}).body;
  };
  auto const sent = [&task](Binding binding, Dialect dialect) {
    return sent_response(golden_shape(binding, dialect), Event(task), {}, 200).body;
  };
  CHECK(get(Binding::json_rpc, Dialect::v1_0) == in_rpc(kTaskV1));
  CHECK(get(Binding::json_rpc, Dialect::v0_3) == in_rpc(kTaskV03));
  CHECK(get(Binding::http_json, Dialect::v1_0) == kTaskV1);
  CHECK(get(Binding::http_json, Dialect::v0_3) == kTaskProto03);
  CHECK(sent(Binding::json_rpc, Dialect::v1_0) == in_rpc(wrapped("task", kTaskV1)));
  CHECK(sent(Binding::json_rpc, Dialect::v0_3) == in_rpc(kTaskV03));
  CHECK(sent(Binding::http_json, Dialect::v1_0) == wrapped("task", kTaskV1));
  CHECK(sent(Binding::http_json, Dialect::v0_3) == wrapped("task", kTaskProto03));
}

TEST_CASE("0.3 over REST answers with the members spelled as the request's were") {
  Router const router({.capabilities = {"echo"}});
  struct Row {
    char const* message;
    char const* opening;
  };
  for (
      auto const& row :
      {Row{R"({"messageId":"m","role":"ROLE_USER","content":[{"text":"hi"}]})",
           R"({"task":{"id":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"messageId":"m2","contextId":"C1","taskId":"T1",)"},
       Row{R"({"message_id":"m","role":"ROLE_USER","content":[{"text":"hi"}]})",
           R"({"task":{"id":"T1","context_id":"C1","status":{"state":"TASK_STATE_COMPLETED","message":{"message_id":"m2","context_id":"C1","task_id":"T1",)"}}) {
    auto asked =
        request("POST", "/v1/message:send", R"({"request":)" + std::string(row.message) + "}");
    asked.headers.set("content-type", "application/json");
    auto const parsed = router.parse(asked);
    REQUIRE(std::holds_alternative<Operation>(parsed));
    auto const body =
        sent_response(std::get<Operation>(parsed).shape, Event(golden_task()), {}, 200).body;
    CHECK_MESSAGE(body.starts_with(row.opening), body);
    // Both are ProtoJSON of the same message.
    CHECK(grpc_from_json("a2a.v1.SendMessageResponse", body).value() ==
          grpc_from_json("a2a.v1.SendMessageResponse", wrapped("task", kTaskProto03)).value());
  }
}

TEST_CASE("the same task in gRPC's two packages") {
  auto const task = golden_task();
  auto const v1 = golden_shape(Binding::grpc, Dialect::v1_0);
  auto const v03 = golden_shape(Binding::grpc, Dialect::v0_3);
  CHECK(same_json(grpc_json(task_response(v1, *task, {}), "lf.a2a.v1.Task"), [] {
    std::string text(kTaskV1);  // protobuf leaves milliseconds of zero out
    return text.replace(text.find(".000Z"), 5, "Z");
  }()));
  CHECK(same_json(grpc_json(task_response(v03, *task, {}), "a2a.v1.Task"), [] {
    std::string text(kTaskProto03);
    return text.replace(text.find(".000Z"), 5, "Z");
  }()));
  auto const sent =
      grpc_json(sent_response(v1, Event(task), {}, 200), "lf.a2a.v1.SendMessageResponse");
  CHECK(nlohmann::json::parse(sent)["task"]["id"] == "T1");
  auto const message =
      grpc_json(sent_response(v03, Event(task->history[0]), {}, 200), "a2a.v1.SendMessageResponse");
  CHECK(nlohmann::json::parse(message)["message"]["content"][0]["text"] == "hi");
}

TEST_CASE("stream events, byte for byte") {
  auto const task = golden_task();
  Event const status = StatusUpdate{task};
  auto piece = std::make_shared<Artifact>(Artifact{.id = "a1"});
  piece->parts = {text_part("x")};
  Event const artifact = ArtifactUpdate{task, piece, Chunk::append, Last::no};
  constexpr std::string_view kStatusV1 =
      R"({"statusUpdate":{"taskId":"T1","contextId":"C1","status":{"state":"TASK_STATE_COMPLETED","message":)"
      R"({"messageId":"m2","contextId":"C1","taskId":"T1","role":"ROLE_AGENT","parts":[{"text":"done"}]},)"
      R"("timestamp":"2027-01-15T08:00:00.000Z"}}})";
  constexpr std::string_view kArtifactV1 =
      R"({"artifactUpdate":{"taskId":"T1","contextId":"C1","artifact":{"artifactId":"a1","parts":[{"text":"x"}]},)"
      R"("append":true,"lastChunk":false}})";
  constexpr std::string_view kArtifactV03 =
      R"({"kind":"artifact-update","taskId":"T1","contextId":"C1","artifact":{"artifactId":"a1","parts":[)"
      R"({"kind":"text","text":"x"}]},"append":true,"lastChunk":false})";
  constexpr std::string_view kStatusV03 =
      R"({"kind":"status-update","taskId":"T1","contextId":"C1","status":{"state":"completed","message":)"
      R"({"kind":"message","messageId":"m2","contextId":"C1","taskId":"T1","role":"agent","parts":[)"
      R"({"kind":"text","text":"done"}]},"timestamp":"2027-01-15T08:00:00.000Z"},"final":true})";
  auto const event = [](Binding binding, Dialect dialect, Event const& what) {
    return stream_event(golden_shape(binding, dialect), what, {}).value();
  };
  auto const sse = [](std::string_view json) { return "data: " + std::string(json) + "\n\n"; };
  CHECK(event(Binding::json_rpc, Dialect::v1_0, status) == sse(in_rpc(kStatusV1)));
  CHECK(event(Binding::json_rpc, Dialect::v0_3, status) == sse(in_rpc(kStatusV03)));
  CHECK(event(Binding::http_json, Dialect::v1_0, status) == sse(kStatusV1));
  CHECK(event(Binding::json_rpc, Dialect::v1_0, artifact) == sse(in_rpc(kArtifactV1)));
  CHECK(event(Binding::json_rpc, Dialect::v0_3, artifact) == sse(in_rpc(kArtifactV03)));
  CHECK(event(Binding::http_json, Dialect::v1_0, artifact) == sse(kArtifactV1));
  auto const frame = event(Binding::grpc, Dialect::v1_0, artifact);
  CHECK(
      same_json(grpc_to_json("lf.a2a.v1.StreamResponse", frame.substr(5)).value(),
                R"({"artifactUpdate":{"taskId":"T1","contextId":"C1","artifact":{"artifactId":"a1",
                      "parts":[{"text":"x"}]},"append":true}})"));
  auto const old = event(Binding::grpc, Dialect::v0_3, status);
  CHECK(nlohmann::json::parse(grpc_to_json("a2a.v1.StreamResponse", old.substr(5))
                                  .value())["statusUpdate"]["final"] == true);
}

TEST_CASE("lists, webhooks and nothing at all, byte for byte") {
  Page page;
  page.total = 3;
  page.next_token = "next";
  ListParams query;
  query.page_size = 2;
  CHECK(list_response(golden_shape(Binding::http_json, Dialect::v1_0), page, query, {}).body ==
        R"({"tasks":[],"nextPageToken":"next","pageSize":2,"totalSize":3})");
  CHECK(list_response(golden_shape(Binding::json_rpc, Dialect::v1_0), page, query, {}).body ==
        in_rpc(R"({"tasks":[],"nextPageToken":"next","pageSize":2,"totalSize":3})"));
  CHECK(same_json(
      grpc_json(list_response(golden_shape(Binding::grpc, Dialect::v1_0), page, query, {}),
                "lf.a2a.v1.ListTasksResponse"),
      R"({"nextPageToken":"next","pageSize":2,"totalSize":3})"));

  Webhook const hook{.id = "c", .task_id = "T1", .url = "https://x.example/", .token = "t"};
  std::array const hooks = {hook};
  constexpr std::string_view kV1 =
      R"({"id":"c","taskId":"T1","url":"https://x.example/","token":"t"})";
  constexpr std::string_view kV03 =
      R"({"taskId":"T1","pushNotificationConfig":{"id":"c","url":"https://x.example/","token":"t"}})";
  constexpr std::string_view kProto03 =
      R"({"name":"tasks/T1/pushNotificationConfigs/c","pushNotificationConfig":{"id":"c","url":"https://x.example/","token":"t"}})";
  struct Row {
    Binding binding;
    Dialect dialect;
    std::string one;
    std::string all;
    std::string none;
  };
  for (auto const& row : std::initializer_list<Row>{
           {Binding::json_rpc, Dialect::v1_0, in_rpc(kV1),
            in_rpc(R"({"configs":[)" + std::string(kV1) + R"(],"nextPageToken":""})"),
            in_rpc("{}")},
           {Binding::json_rpc, Dialect::v0_3, in_rpc(kV03), in_rpc("[" + std::string(kV03) + "]"),
            in_rpc("null")},
           {Binding::http_json, Dialect::v1_0, std::string(kV1),
            R"({"configs":[)" + std::string(kV1) + R"(],"nextPageToken":""})", "{}"},
           {Binding::http_json, Dialect::v0_3, std::string(kProto03),
            R"({"configs":[)" + std::string(kProto03) + R"(],"nextPageToken":""})", "{}"}}) {
    auto const shape = golden_shape(row.binding, row.dialect);
    CHECK(push_response(shape, hook).body == row.one);
    CHECK(push_list_response(shape, hooks).body == row.all);
    CHECK(empty_response(shape).body == row.none);
  }
  auto const v1 = golden_shape(Binding::grpc, Dialect::v1_0);
  auto const v03 = golden_shape(Binding::grpc, Dialect::v0_3);
  CHECK(same_json(grpc_json(push_response(v1, hook), "lf.a2a.v1.TaskPushNotificationConfig"), kV1));
  CHECK(same_json(grpc_json(push_response(v03, hook), "a2a.v1.TaskPushNotificationConfig"),
                  kProto03));
  CHECK(
      grpc_json(push_list_response(v1, hooks), "lf.a2a.v1.ListTaskPushNotificationConfigsResponse")
          .contains("x.example"));
  CHECK(grpc_json(push_list_response(v03, hooks), "a2a.v1.ListTaskPushNotificationConfigResponse")
            .contains("x.example"));
  CHECK(empty_response(v1).body == std::string("\0\0\0\0\0", 5));
}

TEST_CASE("every protocol error has its code, status and reason in every binding and version") {
  struct Row {
    ProtocolError error;
    std::string_view reason;
    int rpc;
    int http;
    std::string_view status;
    int grpc;
  };
  constexpr std::array kRows = {
      Row{ProtocolError::parse, "PARSE_ERROR", -32700, 400, "INVALID_ARGUMENT", 3},
      Row{ProtocolError::request, "INVALID_REQUEST", -32600, 400, "INVALID_ARGUMENT", 3},
      Row{ProtocolError::method, "METHOD_NOT_FOUND", -32601, 404, "UNIMPLEMENTED", 12},
      Row{ProtocolError::params, "INVALID_PARAMS", -32602, 400, "INVALID_ARGUMENT", 3},
      Row{ProtocolError::internal, "INTERNAL", -32603, 500, "INTERNAL", 13},
      Row{ProtocolError::task_not_found, "TASK_NOT_FOUND", -32001, 404, "NOT_FOUND", 5},
      Row{ProtocolError::task_not_cancelable, "TASK_NOT_CANCELABLE", -32002, 400,
          "FAILED_PRECONDITION", 9},
      Row{ProtocolError::push_not_supported, "PUSH_NOTIFICATION_NOT_SUPPORTED", -32003, 400,
          "FAILED_PRECONDITION", 9},
      Row{ProtocolError::unsupported_operation, "UNSUPPORTED_OPERATION", -32004, 400,
          "FAILED_PRECONDITION", 9},
      Row{ProtocolError::content_type, "CONTENT_TYPE_NOT_SUPPORTED", -32005, 415,
          "INVALID_ARGUMENT", 3},
      Row{ProtocolError::invalid_agent_response, "INVALID_AGENT_RESPONSE", -32006, 500, "INTERNAL",
          13},
      Row{ProtocolError::extended_card, "EXTENDED_AGENT_CARD_NOT_CONFIGURED", -32007, 400,
          "FAILED_PRECONDITION", 9},
      Row{ProtocolError::extension_required, "EXTENSION_SUPPORT_REQUIRED", -32008, 400,
          "FAILED_PRECONDITION", 9},
      Row{ProtocolError::version, "VERSION_NOT_SUPPORTED", -32009, 400, "FAILED_PRECONDITION", 9},
  };
  for (auto const dialect : {Dialect::v1_0, Dialect::v0_3}) {
    for (auto const& row : kRows) {
      auto const details = R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")" +
                           std::string(row.reason) +
                           R"(","domain":"a2a-protocol.org","metadata":{}}])";
      auto const rpc =
          protocol_error(golden_shape(Binding::json_rpc, dialect), row.error, "so it is");
      CHECK(rpc.status == 200);
      CHECK(rpc.body == R"({"jsonrpc":"2.0","id":7,"error":{"code":)" + std::to_string(row.rpc) +
                            R"(,"message":"so it is","data":)" + details + "}}");
      auto const rest =
          protocol_error(golden_shape(Binding::http_json, dialect), row.error, "so it is");
      CHECK(rest.status == row.http);
      CHECK(rest.body == R"({"error":{"code":)" + std::to_string(row.http) + R"(,"status":")" +
                             std::string(row.status) + R"(","message":"so it is","details":)" +
                             details + "}}");
      auto const grpc = protocol_error(golden_shape(Binding::grpc, dialect), row.error, "so it is");
      CHECK(grpc.status == 200);
      CHECK(grpc.trailers.get("grpc-status") == std::to_string(row.grpc));
      CHECK(grpc.trailers.get("grpc-message") == "so it is");
      auto const status = text::from_base64(*grpc.trailers.get("grpc-status-details-bin"));
      REQUIRE(status);
      CHECK(same_json(
          grpc_to_json("google.rpc.Status", *status).value(),
          R"({"code":)" + std::to_string(row.grpc) +
              R"(,"message":"so it is","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":")" +
              std::string(row.reason) + R"(","domain":"a2a-protocol.org"}]})"));
    }
  }
}

TEST_CASE("a wrong parameter is named, in BadRequest beside the ErrorInfo") {
  auto const shape = golden_shape(Binding::json_rpc, Dialect::v1_0);
  auto const answer =
      protocol_error(shape, ProtocolError::params, "message.parts must not be empty");
  CHECK(answer.body.contains(
      R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.parts","description":"message.parts must not be empty"}]})"));
  CHECK_FALSE(protocol_error(shape, ProtocolError::params, "something else is wrong")
                  .body.contains("BadRequest"));
}

TEST_CASE("errors of a 0.3 stream are events to those who take nothing else") {
  auto shape = golden_shape(Binding::json_rpc, Dialect::v0_3);
  shape.media = Media::events;
  auto const answer = protocol_error(shape, ProtocolError::task_not_found, "task not found");
  CHECK(answer.headers.get("content-type") == "text/event-stream");
  CHECK(answer.body.starts_with(R"(data: {"jsonrpc":"2.0","id":7,"error":{"code":-32001)"));
  CHECK(answer.body.ends_with("\n\n"));
}

TEST_CASE("extensions that were asked for and are there are echoed in every binding") {
  Router const router(
      {.capabilities = {"echo"},
       .extensions = {{.uri = "urn:a"}, {.uri = "urn:b", .need = Extension::Need::required}}});
  auto const ask = [&router](std::string_view header, std::string_view value) {
    auto asked = request("GET", "/tasks/T1");
    if (!value.empty()) asked.headers.add(header, value);
    return router.parse(asked);
  };
  auto const both = ask("a2a-extensions", "urn:a, urn:b,urn:unknown");
  auto const& shape = std::get<Operation>(both).shape;
  CHECK(shape.extensions == std::vector<std::string>{"urn:a", "urn:b"});
  CHECK(empty_response(shape).headers.get("a2a-extensions") == "urn:a,urn:b");
  CHECK(stream_headers(shape).get("a2a-extensions") == "urn:a,urn:b");
  CHECK(std::holds_alternative<Operation>(ask("x-a2a-extensions", "urn:b")));
  auto const without = ask("a2a-extensions", "urn:a");
  CHECK(std::get<Refused>(without).code == Code::extension_required);
  CHECK(std::get<Refused>(without).response.body.contains("EXTENSION_SUPPORT_REQUIRED"));
  // The FAQ's paths know no extensions.
  CHECK(std::holds_alternative<Operation>(router.parse(request("GET", "/a2a/v1/tasks/T1"))));
}

TEST_CASE("a tenant is a partition of its caller's own tasks") {
  Operation operation;
  Caller const ada{.id = kAda};
  CHECK(scope_of(operation, ada) == kAda);
  operation.tenant = "acme";
  CHECK(scope_of(operation, ada) != kAda);
  CHECK(caller_in(scope_of(operation, ada)) == kAda);
  Router const router({.capabilities = {"echo"}});
  auto const by_path = router.parse(request("GET", "/acme/tasks/T1"));
  CHECK(std::get<Operation>(by_path).tenant == "acme");
  CHECK(std::get<Operation>(by_path).task_id == "T1");
  auto const by_params = router.parse(request(
      "POST", "/rpc",
      R"({"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"T1","tenant":"acme"}})"));
  CHECK(std::get<Operation>(by_params).tenant == "acme");
  for (auto const* const bad : {R"("a b")", R"("a/b")", "7"}) {
    auto const refused = router.parse(
        request("POST", "/rpc",
                R"({"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"T1","tenant":)" +
                    std::string(bad) + "}}"));
    CHECK_MESSAGE(std::holds_alternative<Refused>(refused), bad);
  }
}

TEST_CASE("the earlier implementation's documented paths") {
  Router const router({.capabilities = {"echo"}});
  auto const sent = router.parse(request(
      "POST", "/.well-known/a2a/tasks/send",
      R"({"jsonrpc":"2.0","id":1,"method":"tasks.send","params":{"task":{"type":"echo","messages":[{"role":"user"}]}}})"));
  auto const& send = std::get<Operation>(sent);
  CHECK(send.capability == "echo");
  CHECK(send.send.payload == R"({"messages":[{"role":"user"}]})");
  CHECK(send.send.wait == Wait::until_done);
  auto const answer = task_response(send.shape, *golden_task(), {});
  CHECK(answer.body.starts_with(
      R"({"jsonrpc":"2.0","id":1,"result":{"task":{"id":"T1","status":{"state":"completed")"));
  auto const got = router.parse(request("GET", "/.well-known/a2a/tasks/T1"));
  CHECK(std::get<Operation>(got).kind == Kind::get);
  CHECK(task_response(std::get<Operation>(got).shape, *golden_task(), {})
            .body.starts_with(R"({"task":{"id":"T1")"));
  auto const streamed = router.parse(request("GET", "/.well-known/a2a/tasks/T1/stream"));
  CHECK(std::get<Operation>(streamed).kind == Kind::subscribe);
  CHECK(
      stream_event(std::get<Operation>(streamed).shape, StatusUpdate{golden_task()}, {}).value() ==
      "event: state_change\ndata: {\"task_id\":\"T1\",\"state\":\"completed\",\"progress\":1}\n\n");
  auto const old = router.parse(request("GET", "/tasks/T1/stream"));
  CHECK(std::get<Operation>(old).kind == Kind::subscribe);
  CHECK(std::get<Operation>(old).shape.binding == Binding::tasks);
  auto const earlier = router.parse(
      request("POST", "/tasks/send",
              R"({"jsonrpc":"2.0","id":1,"method":"tasks/send","params":{"task_type":"echo"}})"));
  CHECK(std::get<Operation>(earlier).send.wait == Wait::no);
  CHECK(std::holds_alternative<Unmapped>(
      router.parse(request("GET", "/.well-known/a2a/tasks/T1/other"))));
}

}  // namespace aw::a2a::test

TEST_CASE("0.3 says whether to wait, or leaves it to us; 1.0 waits unless told not to") {
  using namespace aw::a2a;
  using namespace aw::a2a::test;
  struct Row {
    std::string_view method;
    std::string_view configuration;
    Wait wait;
  };
  Router const router({.capabilities = {"echo"}});
  for (auto const& row : std::initializer_list<Row>{
           {"message/send", "", Wait::a_while},
           {"message/send", R"(,"configuration":{})", Wait::a_while},
           {"message/send", R"(,"configuration":{"blocking":true})", Wait::until_done},
           {"message/send", R"(,"configuration":{"blocking":false})", Wait::no},
           {"SendMessage", "", Wait::until_done},
           {"SendMessage", R"(,"configuration":{"returnImmediately":true})", Wait::no}}) {
    auto const parsed = router.parse(request(
        "POST", "/rpc",
        R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(row.method) +
            R"(","params":{"message":{"messageId":"m","role":"user","parts":[{"text":"x"}]})" +
            std::string(row.configuration) + "}}"));
    REQUIRE(std::holds_alternative<Operation>(parsed));
    CHECK_MESSAGE(std::get<Operation>(parsed).send.wait == row.wait, row.configuration);
  }
}
