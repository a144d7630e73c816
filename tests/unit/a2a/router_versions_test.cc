// SPDX-License-Identifier: Apache-2.0
// Which version of the protocol is spoken, and the REST binding with what 0.3's clients make of it.
#include "core/a2a/codec.h"
#include "core/a2a/refusal.h"
#include "tests/unit/a2a/routes.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

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
  for (auto const* const version :
       {"2.0", "0.2", "1.00", "x", "1", "1.0.", "1.0.x", "1.0.-1", "1.0,0.3"})
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

TEST_CASE("a tenant is no dot segment, which others on the way would take away") {
  for (auto const* const target : {"/./message:send", "/../message:send"})
    CHECK(unmapped(kRouter.parse(post(target, kMessage))) == Code::unmapped_route);
  for (auto const* const name : {".", ".."}) {
    auto const body = R"({"tenant":")" + std::string(name) + "\"," + (kMessage + 1);
    CHECK(refused(kRouter.parse(post("/message:send", body))).response.status == 400);
  }
  CHECK(understood(kRouter.parse(post("/.a../message:send", kMessage))).tenant == ".a..");
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
