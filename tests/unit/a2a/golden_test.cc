// SPDX-License-Identifier: Apache-2.0
// What every operation looks like on the wire, byte for byte, in each binding and version.
#include "tests/unit/a2a/golden.h"

#include <array>

#include "core/base/text.h"

namespace aw::a2a::test {

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

}  // namespace aw::a2a::test
