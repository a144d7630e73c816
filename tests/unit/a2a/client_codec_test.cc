// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/client_codec.h"

#include <doctest/doctest.h>

#include "core/a2a/remote_card.h"
#include "tests/unit/a2a/support.h"

using namespace aw;       // NOLINT(google-build-using-namespace): test
using namespace aw::a2a;  // NOLINT(google-build-using-namespace): test

namespace {

Interface at(Transport transport, Dialect dialect, std::string tenant = {}) {
  return {.transport = transport,
          .dialect = dialect,
          .url = "https://agent.test/base/",
          .tenant = std::move(tenant)};
}

Ask a_send(Wait wait = Wait::until_done) {
  return {.kind = Kind::send, .message = test::message("m1", "hi"), .wait = wait};
}

http::Request coded(Interface const& one, Ask const& ask) {
  auto request = encode(one, ask);
  REQUIRE(request.ok());
  return *std::move(request);
}

Code refused_with(int status, std::string const& body) {
  auto const opened = open_answer(at(Transport::json_rpc, Dialect::v1_0), status, body);
  REQUIRE_FALSE(opened.ok());
  return opened.error().code;
}

}  // namespace

TEST_CASE("a send in each binding and version, byte for byte") {
  struct Row {
    Interface one;
    Wait wait;
    std::string target;
    std::string body;
  };
  for (
      auto const& row : {
          Row{at(Transport::json_rpc, Dialect::v1_0), Wait::until_done, "/base/",
              R"({"jsonrpc":"2.0","id":"1","method":"SendMessage","params":{"message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hi"}]},"configuration":{}}})"},
          Row{at(Transport::json_rpc, Dialect::v0_3), Wait::no, "/base/",
              R"({"jsonrpc":"2.0","id":"1","method":"message/send","params":{"message":{"kind":"message","messageId":"m1","role":"user","parts":[{"kind":"text","text":"hi"}]},"configuration":{"blocking":false}}})"},
          Row{at(Transport::http_json, Dialect::v1_0, "t 1"), Wait::no, "/base/t%201/message:send",
              R"({"tenant":"t 1","message":{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"hi"}]},"configuration":{"returnImmediately":true}})"},
          Row{at(Transport::http_json, Dialect::v0_3), Wait::until_done, "/base/v1/message:send",
              R"({"message":{"messageId":"m1","role":"ROLE_USER","content":[{"text":"hi"}]},"configuration":{"blocking":true}})"},
      }) {
    auto const request = coded(row.one, a_send(row.wait));
    CHECK(request.method == "POST");
    CHECK(request.target == row.target);
    CHECK(request.body == row.body);
    CHECK(request.headers.get("a2a-version") == dialect_name(row.one.dialect));
  }
}

TEST_CASE("task operations over REST have their path, and ids cannot leave it") {
  auto const one = at(Transport::http_json, Dialect::v1_0);
  auto const get = coded(one, {.kind = Kind::get, .task_id = "../a/b?c", .history_length = 3});
  CHECK(get.method == "GET");
  CHECK(get.target == "/base/tasks/..%2Fa%2Fb%3Fc?historyLength=3");
  CHECK(coded(one, {.kind = Kind::cancel, .task_id = "t"}).target == "/base/tasks/t:cancel");
  CHECK(coded(one, {.kind = Kind::subscribe, .task_id = "t"}).method == "GET");
  Ask list{.kind = Kind::list};
  list.list.state = TaskState::working;
  list.list.page_token = "a&b";
  CHECK(coded(one, list).target ==
        "/base/tasks?status=TASK_STATE_WORKING&pageSize=50&pageToken=a%26b");
}

TEST_CASE("an error is named by our own code, by A2A's reason, by its number, by the status") {
  CHECK(
      refused_with(
          403,
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"denied","data":[{"reason":"x","metadata":{"code":"AW3001"}}]}})") ==
      Code::denied_by_policy);
  CHECK(
      refused_with(
          200,
          R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"m","data":[{"reason":"TASK_NOT_FOUND"}]}})") ==
      Code::task_not_found);
  CHECK(refused_with(200, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"m"}})") ==
        Code::task_terminal);
  CHECK(refused_with(503, "<html>") == Code::overloaded);
  CHECK(refused_with(403, "{}") == Code::denied_by_policy);
  CHECK(refused_with(200, "{}") == Code::protocol);
  CHECK(refused_with(200, "[]") == Code::protocol);
  CHECK(refused_with(200, "") == Code::protocol);
}

TEST_CASE("events are read in all three spellings") {
  for (
      auto const* text : {
          R"({"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}})",
          R"({"status_update":{"task_id":"t","context_id":"c","status":{"state":"TASK_STATE_WORKING"}}})",
          R"({"kind":"status-update","taskId":"t","contextId":"c","final":false,"status":{"state":"working"}})",
      }) {
    CAPTURE(text);
    REQUIRE(check_json(text).ok());
    auto const event = read_event_value(JsonView(text), Dialect::v1_0);
    REQUIRE(event.ok());
    CHECK(std::get<RemoteStatus>(*event).task_id == "t");
    CHECK(std::get<RemoteStatus>(*event).status.state == TaskState::working);
  }
}

TEST_CASE("what is no event, or half a one, is refused") {
  for (auto const* text : {"7", "{}", "[]", R"({"kind":"other"})", R"({"task":{"id":"t"}})",
                           R"({"task":{"id":"t","status":{"state":"dancing"}}})",
                           R"({"statusUpdate":{"status":{"state":"working"}}})",
                           R"({"artifactUpdate":{"taskId":"t","artifact":{"artifactId":"a"}}})",
                           R"({"message":{"messageId":"m","role":"ROLE_AGENT","parts":[]}})"}) {
    CAPTURE(text);
    REQUIRE(check_json(text).ok());
    auto const event = read_event_value(JsonView(text), Dialect::v1_0);
    REQUIRE_FALSE(event.ok());
    CHECK(event.error().code == Code::protocol);
  }
}

TEST_CASE("a follower keeps to one task") {
  TaskFollower follower;
  CHECK(follower.take(RemoteStatus{.task_id = "t", .context_id = "c", .status = {}}).ok());
  auto const other = follower.take(RemoteStatus{.task_id = "u", .context_id = "c", .status = {}});
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == Code::protocol);
  CHECK(follower.task()->id == "t");
}

TEST_CASE("a card of either version, or both in one, names its interfaces once") {
  auto const hybrid = read_remote_card(R"({"name":"n","protocolVersion":"0.3.0",
      "url":"https://a/rpc","preferredTransport":"JSONRPC",
      "additionalInterfaces":[{"transport":"JSONRPC","url":"https://a/rpc"},{"transport":"HTTP+JSON","url":"https://a"}],
      "supportedInterfaces":[{"url":"https://a/rpc","protocolBinding":"JSONRPC","protocolVersion":"1.0.1"},
        {"url":"https://a/rpc","protocolBinding":"JSONRPC","protocolVersion":"0.3"},
        {"url":"https://a","protocolBinding":"SOAP","protocolVersion":"1.0"},
        {"url":"https://a","protocolBinding":"GRPC","protocolVersion":"2.0"}],
      "capabilities":{"streaming":true,"extensions":[{"uri":"u","params":{"spiffe_id":"spiffe://a/b"}}]},
      "skills":[{"id":"s","inputModes":["a"]},{"name":"without an id"}]})");
  REQUIRE(hybrid.ok());
  std::vector<std::string> texts;
  for (auto const& one : hybrid->interfaces) texts.push_back(interface_text(one));
  CHECK(texts == std::vector<std::string>{"JSONRPC 1.0 https://a/rpc", "JSONRPC 0.3 https://a/rpc",
                                          "HTTP+JSON 0.3 https://a"});
  CHECK(hybrid->spiffe_id == "spiffe://a/b");
  CHECK(hybrid->skills.size() == 1);
  CHECK(interface_text(*choose_interface(*hybrid)) == texts[0]);
  CHECK(interface_text(*choose_interface(*hybrid, {.dialect = Dialect::v0_3})) == texts[1]);
  CHECK(interface_text(*choose_interface(*hybrid, {.transport = Transport::http_json})) ==
        texts[2]);
  CHECK(choose_interface(*hybrid, {.transport = Transport::grpc})
            .error()
            .hint.contains("HTTP+JSON 0.3"));
  auto const old = read_remote_card(R"({"name":"n","url":"https://a/","version":"1"})");
  REQUIRE(old.ok());
  CHECK(interface_text(old->interfaces.at(0)) == "JSONRPC 0.3 https://a/");
}

TEST_CASE("a card of the wrong shape never gets further than its reader") {
  for (auto const* text : {"", "[]", "{}", R"({"name":7})", "null", R"({"name":"n","name":"m"})"})
    CHECK_FALSE(read_remote_card(text).ok());
  auto const odd = read_remote_card(
      R"({"name":"n","skills":7,"capabilities":[],"supportedInterfaces":{"a":1}})");
  REQUIRE(odd.ok());
  CHECK(odd->interfaces.empty());
  CHECK_FALSE(choose_interface(*odd).ok());
}
