// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/router.h"

#include <doctest/doctest.h>

#include "core/a2a/codec.h"
#include "core/a2a/refusal.h"
#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

Router const kRouter({.capabilities = {"echo", "report"}});
Router const kSingle({.capabilities = {"echo"}});

Operation understood(Parsed parsed) {
  if (auto* const refused = std::get_if<Refused>(&parsed)) FAIL(refused->response.body);
  REQUIRE(std::holds_alternative<Operation>(parsed));
  return std::get<Operation>(std::move(parsed));
}
Refused refused(Parsed parsed) {
  REQUIRE(std::holds_alternative<Refused>(parsed));
  return std::get<Refused>(std::move(parsed));
}
Code unmapped(Parsed parsed) {
  REQUIRE(std::holds_alternative<Unmapped>(parsed));
  return std::get<Unmapped>(parsed).code;
}

std::string rpc(std::string_view method, std::string_view params, std::string_view id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" + std::string(method) +
         R"(","params":)" + std::string(params) + "}";
}
http::Request post(std::string target, std::string body) {
  return request("POST", std::move(target), std::move(body));
}
int rpc_error(Refused const& refused) {
  return nlohmann::json::parse(refused.response.body)["error"]["code"].get<int>();
}

constexpr auto kMessage =
    R"({"message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hi"}],
  "metadata":{"skill":"report"}}})";

}  // namespace

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

TEST_CASE("versions are negotiated: unknown ones refused, method names must fit") {
  auto const with = [](std::string version, std::string method, std::string params) {
    auto out = post("/rpc", rpc(method, params));
    out.headers.add("a2a-version", version);
    return out;
  };
  auto const id = R"({"id":"T"})";
  CHECK(understood(kRouter.parse(with("1.0", "GetTask", id))).kind == Kind::get);
  CHECK(understood(kRouter.parse(with("1.0.1", "GetTask", id))).kind == Kind::get);
  CHECK(understood(kRouter.parse(with("0.3", "tasks/get", id))).kind == Kind::get);
  CHECK(rpc_error(refused(kRouter.parse(with("1.0", "tasks/get", id)))) == -32601);
  for (auto const* const version : {"2.0", "0.2", "1.00", "x", "1"})
    CHECK(rpc_error(refused(kRouter.parse(with(version, "GetTask", id)))) == -32009);
  Router const only({.capabilities = {"echo"}, .versions = {"1.0"}});
  CHECK(rpc_error(refused(only.parse(post("/rpc", rpc("tasks/get", id))))) == -32009);
  auto rest = request("GET", "/tasks/T?A2A-Version=9.9");
  auto const answer = refused(kRouter.parse(rest));
  CHECK(answer.response.status == 400);
  CHECK(nlohmann::json::parse(answer.response.body)["error"]["details"][0]["reason"] ==
        "VERSION_NOT_SUPPORTED");
}

TEST_CASE("the REST binding, bare and below /v1") {
  struct Row {
    char const* method;
    char const* target;
    Kind kind;
    Dialect dialect;
  };
  for (auto const& row : {Row{"GET", "/tasks/T1?historyLength=2", Kind::get, Dialect::v1_0},
                          Row{"POST", "/tasks/T1:cancel", Kind::cancel, Dialect::v1_0},
                          Row{"GET", "/tasks/T1:subscribe", Kind::subscribe, Dialect::v1_0},
                          Row{"POST", "/tasks/T1:subscribe", Kind::subscribe, Dialect::v1_0},
                          Row{"GET", "/v1/tasks/T1", Kind::get, Dialect::v0_3},
                          Row{"POST", "/v1/tasks/T1:cancel", Kind::cancel, Dialect::v0_3}}) {
    auto const op = understood(kRouter.parse(request(row.method, row.target)));
    CHECK(op.kind == row.kind);
    CHECK(op.shape.dialect == row.dialect);
    CHECK(op.task_id == "T1");
  }
  CHECK(understood(kRouter.parse(request("GET", "/tasks/T1?historyLength=2"))).history_length == 2);
  CHECK(understood(kRouter.parse(post("/message:send", kMessage))).kind == Kind::send);
  CHECK(understood(kRouter.parse(post("/message:stream", kMessage))).kind == Kind::stream);
  auto const list = understood(kRouter.parse(request(
      "GET", "/tasks?contextId=c&status=TASK_STATE_WORKING&pageSize=5&includeArtifacts=true")));
  CHECK(list.list.context_id == "c");
  CHECK(list.list.state == TaskState::working);
  CHECK(list.list.page_size == 5);
  CHECK(list.list.include_artifacts);
  CHECK(refused(kRouter.parse(request("GET", "/tasks?pageSize=x"))).response.status == 400);
  CHECK(unmapped(kRouter.parse(request("DELETE", "/tasks/T1"))) == Code::method_not_allowed);
  CHECK(unmapped(kRouter.parse(request("POST", "/tasks/T1:explode"))) == Code::unmapped_route);
  auto wrong = post("/message:send", kMessage);
  wrong.headers.set("content-type", "text/plain");
  auto const media = refused(kRouter.parse(wrong));
  CHECK(media.response.status == 415);
  CHECK(nlohmann::json::parse(media.response.body)["error"]["details"][0]["reason"] ==
        "CONTENT_TYPE_NOT_SUPPORTED");
}

TEST_CASE("what 0.3 clients really send over REST is understood") {
  for (
      auto const* const body :
      {R"({"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"x"}]},"configuration":{"blocking":true}})",
       R"({"request":{"message_id":"m","role":"ROLE_USER","content":[{"text":"x"}]}})"}) {
    auto const op = understood(kSingle.parse(post("/v1/message:send", body)));
    CHECK(op.send.message->id == "m");
    CHECK(op.send.wait != Wait::no);
  }
  // "blocking": false is left out by ProtoJSON.
  auto const at_once = understood(kSingle.parse(post(
      "/v1/message:send",
      R"({"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"x"}]},"configuration":{}})")));
  CHECK(at_once.send.wait == Wait::no);
}

TEST_CASE("0.3 on the bare REST paths is answered with the objects of its JSON-RPC") {
  auto asked = post(
      "/message:send",
      R"({"message":{"kind":"message","message_id":"m","role":"user","parts":[{"kind":"text","text":"x"}]},"configuration":{}})");
  asked.headers.set("a2a-version", "0.3");
  auto const op = understood(kSingle.parse(asked));
  CHECK(op.shape.dialect == Dialect::v0_3);
  CHECK(spelling_of(op.shape) == Spelling::v03);
  CHECK(op.send.wait == Wait::a_while);
  asked.set_target("/v1/message:send");
  CHECK(spelling_of(understood(kSingle.parse(asked)).shape) == Spelling::v03_proto_snake);
}

TEST_CASE("the card is asked for as hybrid, or pure by version") {
  CHECK(std::get<CardRequest>(kRouter.parse(request("GET", "/.well-known/agent.json"))).form ==
        CardRequest::Form::earlier);
  auto asked = request("GET", "/.well-known/agent-card.json");
  CHECK(std::get<CardRequest>(kRouter.parse(asked)).form == CardRequest::Form::hybrid);
  asked.headers.add("a2a-version", "1.0");
  CHECK(std::get<CardRequest>(kRouter.parse(asked)).form == CardRequest::Form::pure);
  Router const only({.capabilities = {}, .versions = {"1.0"}});
  CHECK(std::get<CardRequest>(only.parse(request("GET", "/.well-known/agent-card.json"))).form ==
        CardRequest::Form::pure);
  CHECK(
      std::get<CardRequest>(kRouter.parse(request("HEAD", "/.well-known/agent-card.json"))).body ==
      CardRequest::Body::no);
}

TEST_CASE("members of a plain request that are of another type are refused, not passed over") {
  for (std::string const member :
       {R"("context_id":5)", R"("context_id":["c"])", R"("idempotency_key":true)",
        R"("async":"true")", R"("async":1)", R"("metadata":[])", R"("metadata":"x")"}) {
    CAPTURE(member);
    auto const answer =
        refused(kRouter.parse(post("/a2a/v1/tasks", R"({"task_type":"echo",)" + member + "}")));
    CHECK(answer.response.status == 400);
    CHECK(answer.code == Code::request_malformed);
  }
  for (std::string const member :
       {R"("context_id":null)", R"("async":false)", R"("metadata":{})"}) {
    CAPTURE(member);
    CHECK(std::holds_alternative<Operation>(
        kRouter.parse(post("/a2a/v1/tasks", R"({"task_type":"echo",)" + member + "}"))));
  }
}

TEST_CASE("a verified caller may ask how the agent is, at the paths it always had") {
  using What = HealthRequest::What;
  for (auto const* const path : {"/health", "/health/ready", "/ready"}) {
    CAPTURE(path);
    CHECK(std::get<HealthRequest>(kRouter.parse(request("GET", path))).what == What::ready);
  }
  CHECK(std::get<HealthRequest>(kRouter.parse(request("GET", "/health/live"))).what == What::live);
  CHECK(std::get<HealthRequest>(kRouter.parse(request("HEAD", "/health"))).body ==
        CardRequest::Body::no);
  CHECK(std::get<Unmapped>(kRouter.parse(request("POST", "/health"))).code ==
        Code::method_not_allowed);
  CHECK(std::holds_alternative<Unmapped>(kRouter.parse(request("GET", "/healthz/x"))));
}

TEST_CASE("a body over the limit is refused as too large in every binding") {
  Router const small({.capabilities = {"echo"}, .max_body = 64});
  auto const big = R"({"task_type":"echo","payload":")" + std::string(100, 'x') + "\"}";
  for (auto const* const path : {"/a2a/v1/tasks", "/rpc", "/message:send"}) {
    auto const answer = refused(small.parse(post(path, big)));
    CHECK(answer.response.status == 413);
    CHECK(answer.code == Code::too_large);
  }
}
