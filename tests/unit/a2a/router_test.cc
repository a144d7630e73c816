// SPDX-License-Identifier: Apache-2.0
// What a request asks for, read from the plain binding and from JSON-RPC.
#include "core/a2a/router.h"

#include "core/a2a/codec.h"
#include "core/a2a/refusal.h"
#include "tests/unit/a2a/routes.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

TEST_CASE("the FAQ's request is understood as it stands in the FAQ") {
  auto const op = understood(kRouter.parse(
      post("/a2a/v1/tasks", R"({"task_type": "process_data", "payload": {"data": "..."}})")));
  CHECK(op.kind == Kind::send);
  CHECK(op.shape.binding == Binding::tasks);
  CHECK(op.capability == "process_data");
  CHECK(op.skill == "process_data");
  CHECK(op.send.payload == R"({"data": "..."})");
  CHECK(op.send.wait == Wait::until_done);
  CHECK(op.method == "POST /a2a/v1/tasks");
  CHECK(op.part_types == std::vector<std::string>{"data"});
}

TEST_CASE("a plain task may be asked for asynchronously or as a stream") {
  auto const body = R"({"task_type":"echo","async":true,"idempotency_key":"k"})";
  auto const op = understood(kRouter.parse(post("/a2a/v1/tasks", body)));
  CHECK(op.send.wait == Wait::no);
  CHECK(op.send.payload == "{}");
  CHECK(op.send.idempotency_key == "k");
  auto preferring = post("/a2a/v1/tasks", R"({"task_type":"echo"})");
  preferring.headers.add("prefer", "respond-async, wait=5");
  CHECK(understood(kRouter.parse(preferring)).send.wait == Wait::no);
  auto streaming = post("/a2a/v1/tasks", R"({"task_type":"echo"})");
  streaming.headers.add("accept", "text/event-stream");
  CHECK(understood(kRouter.parse(streaming)).kind == Kind::stream);
}

TEST_CASE("the plain binding's paths and methods") {
  struct Row {
    char const* method;
    char const* target;
    Kind kind;
  };
  for (auto const& row : {Row{"GET", "/a2a/v1/tasks", Kind::list},
                          Row{"GET", "/a2a/v1/tasks?state=running&page_size=3", Kind::list},
                          Row{"GET", "/a2a/v1/tasks/T1", Kind::get},
                          Row{"POST", "/a2a/v1/tasks/T1/cancel", Kind::cancel},
                          Row{"GET", "/a2a/v1/tasks/T1/stream", Kind::subscribe},
                          Row{"GET", "/a2a/v1/authorize", Kind::authorize_only}}) {
    auto const op = understood(kRouter.parse(request(row.method, row.target)));
    CHECK_MESSAGE(op.kind == row.kind, row.target);
  }
  CHECK(understood(kRouter.parse(request("GET", "/a2a/v1/tasks/T1"))).task_id == "T1");
  CHECK(understood(kRouter.parse(request("GET", "/a2a/v1/authorize"))).capability == "ping");
  CHECK(understood(kRouter.parse(request("GET", "/a2a/v1/authorize?action=delete%5Fall")))
            .capability == "delete_all");
  for (auto const* const target : {"/a2a/v1/tasks/T1", "/a2a/v1/tasks/T1/stream",
                                   "/a2a/v1/authorize", "/.well-known/agent-card.json"})
    CHECK_MESSAGE(unmapped(kRouter.parse(post(target, "{}"))) == Code::method_not_allowed, target);
  for (auto const* const target :
       {"/a2a/v1/nothing", "/a2a/v1/tasks/T1/other", "/a2a/v1/tasks/T1/cancel/x", "/a2a/v2/tasks",
        "/a2a/v1tasks", "/admin", "/.well-known/other", "/v1", "/acme/nothing", "/a b/tasks",
        "/rpc/x", "//rpc"})
    CHECK_MESSAGE(unmapped(kRouter.parse(request("GET", target))) == Code::unmapped_route, target);
  CHECK(unmapped(kRouter.parse(request("PUT", "/rpc"))) == Code::method_not_allowed);
  for (auto const* const target :
       {"/lf.a2a.v1.A2AService/GetTask", "/a2a.v1.A2AService/Nope", "/grpc.health.v1.Health/Check"})
    CHECK_MESSAGE(unmapped(kRouter.parse(post(target, "{}"))) == Code::unsupported_media_type,
                  target);
  CHECK(std::holds_alternative<CardRequest>(kRouter.parse(request("GET", "/rpc"))));
}

TEST_CASE("plain requests that say too little are refused in plain words") {
  auto const missing = refused(kRouter.parse(post("/a2a/v1/tasks", R"({"payload":{}})")));
  CHECK(missing.response.status == 400);
  auto const body = nlohmann::json::parse(missing.response.body);
  CHECK(body["error"]["code"] == "AW4001");
  CHECK(body["error"]["message"] == "missing required parameter: task_type");
  CHECK(body["error"]["retryable"] == false);
  CHECK(refused(kRouter.parse(post("/a2a/v1/tasks", "{"))).response.status == 400);
  CHECK(refused(kRouter.parse(post("/a2a/v1/tasks", "[]"))).response.status == 400);
  CHECK(refused(kRouter.parse(request("GET", "/a2a/v1/tasks?state=busy"))).response.status == 400);
  auto text = request("POST", "/a2a/v1/tasks");
  text.headers.add("content-type", "text/plain");
  text.body = R"({"task_type":"echo"})";
  auto const media = refused(kRouter.parse(text));
  CHECK(media.response.status == 415);
  CHECK(media.code == Code::unsupported_media_type);
}

TEST_CASE(
    "bytes that are no base64 are refused in every spelling, for no other binding could carry "
    "them") {
  struct Row {
    std::string_view target;
    std::string_view part;
  };
  for (auto const& [target, part] : std::initializer_list<Row>{
           {"/message:send", R"({"raw":"***"})"},
           {"/message:send", R"({"raw":"YQ\n=="})"},
           {"/v1/message:send", R"({"file":{"fileWithBytes":"A"}})"},
           {"/v1/message:send", R"({"kind":"file","file":{"bytes":"%"}})"}}) {
    auto const body =
        R"({"message":{"messageId":"m","role":"ROLE_USER","metadata":{"skill":"report"},"parts":[)" +
        std::string(part) + "]}}";
    auto const answer = refused(kRouter.parse(post(std::string(target), body)));
    CHECK(answer.response.status == 400);
    CHECK(answer.response.body.contains("must be base64"));
  }
}

TEST_CASE("what stands beside a task's id is read strictly too") {
  CHECK(refused(kRouter.parse(request("GET", "/tasks?includeArtifacts=maybe"))).response.status ==
        400);
  CHECK(understood(kRouter.parse(request("GET", "/tasks?includeArtifacts=true")))
            .list.include_artifacts);
  for (auto const* const target :
       {"/tasks/T1:cancel", "/tasks/T1:subscribe", "/v1/tasks/T1:cancel"}) {
    CHECK(refused(kRouter.parse(post(target, "["))).response.status == 400);
    auto form = request("POST", target);
    form.body = "a=b";
    CHECK(refused(kRouter.parse(form)).response.status == 415);
    CHECK(understood(kRouter.parse(post(target, "{}"))).task_id == "T1");
    CHECK(understood(kRouter.parse(request("POST", target))).task_id == "T1");
  }
}

TEST_CASE("a task's id that fits no record is refused, in every binding and by every name") {
  std::string const longest(1024, 'a');
  auto const named = [](std::string const& id, std::string_view member) {
    return "{\"" + std::string(member) + "\":\"" + id + "\"}";
  };
  CHECK(understood(kRouter.parse(post("/rpc", rpc("GetTask", named(longest, "id"))))).task_id ==
        longest);
  auto const longer = longest + "a";
  for (auto const* const method : {"GetTask", "CancelTask", "tasks/get", "tasks/resubscribe"}) {
    CAPTURE(method);
    CHECK(rpc_error(refused(kRouter.parse(post("/rpc", rpc(method, named(longer, "id")))))) ==
          -32602);
  }
  auto const list = rpc("ListTaskPushNotificationConfigs", named(longer, "taskId"));
  CHECK(rpc_error(refused(kRouter.parse(post("/rpc", list)))) == -32602);
  CHECK(refused(kRouter.parse(post("/rpc", rpc("task.status", named(longer, "task_id"))))).code ==
        Code::request_malformed);
  for (auto const* const before : {"/tasks/", "/v1/tasks/", "/a2a/v1/tasks/"})
    CHECK(refused(kRouter.parse(request("GET", before + longer))).response.status == 400);
}

TEST_CASE("a body that is encoded, or has two media types, is refused before it is parsed") {
  struct Row {
    std::string target;
    std::string body;
    int status;
  };
  for (auto const& [target, body, status] :
       std::initializer_list<Row>{{"/rpc", rpc("SendMessage", kMessage), 200},
                                  {"/message:send", kMessage, 415},
                                  {"/v1/message:send", kMessage, 415},
                                  {"/a2a/v1/tasks", R"({"task_type":"report"})", 415}}) {
    CAPTURE(target);
    auto zipped = post(target, body);
    zipped.headers.add("content-encoding", "gzip");
    auto const encoded = refused(kRouter.parse(zipped));
    CHECK(encoded.code == Code::unsupported_encoding);
    CHECK(encoded.response.status == status);
    auto twice = post(target, body);
    twice.headers.add("content-type", "text/plain");
    CHECK(refused(kRouter.parse(twice)).code == Code::unsupported_media_type);
    auto plain = post(target, body);
    plain.headers.add("content-encoding", "identity");
    CHECK_FALSE(std::holds_alternative<Refused>(kRouter.parse(plain)));
  }
}

TEST_CASE("every JSON-RPC path answers, with and without the slash") {
  for (auto const* const path : {"/", "/rpc", "/rpc/", "/a2a/v1", "/a2a/v1/"}) {
    auto const op = understood(kRouter.parse(post(path, rpc("SendMessage", kMessage, "\"a-1\""))));
    CHECK(op.kind == Kind::send);
    CHECK(op.shape.rpc_id == "\"a-1\"");
    CHECK(op.capability == "report");
    CHECK(op.send.message->id == "m1");
  }
}

TEST_CASE("method names of both versions and of the earlier implementation") {
  struct Row {
    char const* method;
    Dialect dialect;
    Kind kind;
  };
  for (auto const& row :
       {Row{"GetTask", Dialect::v1_0, Kind::get}, Row{"CancelTask", Dialect::v1_0, Kind::cancel},
        Row{"SubscribeToTask", Dialect::v1_0, Kind::subscribe},
        Row{"tasks/get", Dialect::v0_3, Kind::get},
        Row{"tasks/cancel", Dialect::v0_3, Kind::cancel},
        Row{"tasks/resubscribe", Dialect::v0_3, Kind::subscribe}}) {
    auto const op = understood(kRouter.parse(post("/rpc", rpc(row.method, R"({"id":"T1"})"))));
    CHECK(op.kind == row.kind);
    CHECK(op.shape.dialect == row.dialect);
    CHECK(op.task_id == "T1");
    CHECK(op.capability.empty());  // the task decides
  }
  CHECK(understood(kRouter.parse(post("/rpc", rpc("message/send", kMessage)))).shape.dialect ==
        Dialect::v0_3);
  CHECK(understood(kRouter.parse(post("/rpc", rpc("SendStreamingMessage", kMessage)))).kind ==
        Kind::stream);
  CHECK(understood(kRouter.parse(post("/rpc", rpc("ListTasks", "{}")))).kind == Kind::list);
  auto const earlier = understood(kRouter.parse(
      post("/rpc", rpc("task.send", R"({"task_type":"echo","payload":[1],"task_id":"mine"})"))));
  CHECK(earlier.shape.dialect == Dialect::plain);
  CHECK(earlier.send.wait == Wait::no);
  CHECK(earlier.task_id.empty());  // ids are the server's
  CHECK(
      understood(kRouter.parse(post("/rpc", rpc("task.status", R"({"task_id":"T1"})")))).task_id ==
      "T1");
}

TEST_CASE("broken JSON-RPC gets the protocol's own error and never a backend") {
  struct Row {
    std::string body;
    int code;
  };
  auto const deep = std::string(100, '[') + std::string(100, ']');
  for (
      auto const& row : std::initializer_list<Row>{
          {"{", -32700},
          {deep, -32700},
          {R"({"jsonrpc":"2.0","id":1,"id":2,"method":"GetTask","params":{"id":"x"}})", -32700},
          {"[" + rpc("GetTask", R"({"id":"x"})") + "]", -32600},
          {"[]", -32600},
          {"1", -32600},
          {R"({"id":1,"method":"GetTask"})", -32600},
          {R"({"jsonrpc":"1.0","id":1,"method":"GetTask"})", -32600},
          {R"({"jsonrpc":"2.0","id":{},"method":"GetTask"})", -32600},
          {R"({"jsonrpc":"2.0","id":1.5,"method":"GetTask"})", -32600},
          {R"({"jsonrpc":"2.0","method":"GetTask","params":{"id":"x"}})", -32600},
          {R"({"jsonrpc":"2.0","id":1})", -32600},
          {R"({"jsonrpc":"2.0","id":1,"method":7})", -32601},
          {R"({"jsonrpc":"2.0","method":"message/ssend","params":{}})", -32601},
          {R"({"jsonrpc":"2.0","method":"message/send","params":{"":"x"}})", -32602},
          {rpc("NoSuchMethod", "{}"), -32601},
          {rpc("GetTask", "[]"), -32602},
          {rpc("GetTask", "{}"), -32602},
          {rpc("GetTask", R"({"id":"x","historyLength":-1})"), -32602},
          {rpc("SendMessage", "{}"), -32602},
          {rpc("message/send",
               R"({"message":{"messageId":"m","role":"user","parts":[{"kind":"video","text":"x"}]}})"),
           -32602},
          {rpc("ListTasks", R"({"pageSize":101})"), -32602},
          {rpc("ListTasks", R"({"status":"BUSY"})"), -32602},
          {rpc("task.send", "{}"), -32602},
          {rpc("CreateTaskPushNotificationConfig", "{}"), -32602},
          {rpc("tasks/pushNotificationConfig/set", "{}"), -32602},
      }) {
    auto const answer = refused(kRouter.parse(post("/rpc", row.body)));
    CHECK_MESSAGE(rpc_error(answer) == row.code, row.body);
    CHECK(answer.response.status == 200);
  }
  auto wrong_type = post("/rpc", rpc("GetTask", R"({"id":"x"})"));
  wrong_type.headers.set("content-type", "text/xml");
  CHECK(rpc_error(refused(kRouter.parse(wrong_type))) == -32005);
}

TEST_CASE("errors carry the request's id as soon as it is known") {
  auto const answer = refused(kRouter.parse(post("/rpc", rpc("Nope", "{}", "\"q\""))));
  CHECK(nlohmann::json::parse(answer.response.body)["id"] == "q");
  auto const unknown = refused(kRouter.parse(post("/rpc", "{")));
  CHECK(nlohmann::json::parse(unknown.response.body)["id"].is_null());
}

TEST_CASE("messages without what is required are refused by name") {
  struct Row {
    char const* message;
    char const* what;
  };
  for (auto const& row :
       {Row{R"({"role":"ROLE_USER","parts":[{"text":"x"}]})", "message.messageId is required"},
        Row{R"({"messageId":"m","parts":[{"text":"x"}]})",
            "message.role must be ROLE_USER or ROLE_AGENT"},
        Row{R"({"messageId":"m","role":"ROLE_USER"})", "message.parts is required"},
        Row{R"({"messageId":"m","role":"ROLE_USER","parts":[]})",
            "message.parts must not be empty"},
        Row{R"({"messageId":"m","role":"ROLE_USER","parts":[{}]})",
            "a part needs one of text, raw, url, data, file"},
        Row{R"({"messageId":"m","role":"ROLE_USER","parts":[{"text":"a","url":"b"}]})",
            "a part must have exactly one of text, raw, url, data, file"}}) {
    auto const params = R"({"message":)" + std::string(row.message) + "}";
    auto const answer = refused(kRouter.parse(post("/rpc", rpc("SendMessage", params))));
    CHECK(rpc_error(answer) == -32602);
    CHECK(nlohmann::json::parse(answer.response.body)["error"]["message"] == row.what);
  }
}

TEST_CASE(
    "the capability comes from metadata, then from the data part, then from being the only one") {
  auto const send = [](std::string_view parts, std::string_view message_metadata,
                       std::string_view metadata) {
    return rpc("SendMessage", R"({"message":{"messageId":"m","role":"ROLE_USER","parts":)" +
                                  std::string(parts) + R"(,"metadata":)" +
                                  std::string(message_metadata) + R"(},"metadata":)" +
                                  std::string(metadata) + "}");
  };
  auto const text = R"([{"text":"x"}])";
  auto const data = R"([{"text":"x"},{"data":{"task_type":"echo","payload":{"n":1}}}])";
  auto const capability = [&](Router const& router, std::string const& body) {
    return understood(router.parse(post("/rpc", body))).capability;
  };
  CHECK(capability(kRouter, send(data, R"({"skill_id":"a"})", R"({"skill":"b"})")) == "a");
  CHECK(capability(kRouter, send(data, "{}", R"({"skill":"b"})")) == "b");
  CHECK(capability(kRouter, send(data, "{}", "{}")) == "echo");
  CHECK(capability(kSingle, send(text, "{}", "{}")) == "echo");
  auto const none = refused(kRouter.parse(post("/rpc", send(text, "{}", "{}"))));
  CHECK(rpc_error(none) == -32602);
  CHECK(none.code == Code::unknown_capability);
  auto const op = understood(kRouter.parse(post("/rpc", send(data, "{}", "{}"))));
  CHECK(op.send.payload == R"({"n":1})");
  CHECK(understood(kSingle.parse(post("/rpc", send(text, "{}", "{}")))).send.payload ==
        R"({"message":"x"})");
}

TEST_CASE("a follow-up without a name leaves the capability to its task") {
  auto const op = understood(kRouter.parse(post(
      "/rpc",
      rpc("SendMessage",
          R"({"message":{"messageId":"m","role":"user","taskId":"T1","parts":[{"kind":"text","text":"x"}]}})"))));
  CHECK(op.capability.empty());
  CHECK(op.task_id == "T1");
}
