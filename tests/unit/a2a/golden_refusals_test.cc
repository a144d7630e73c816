// SPDX-License-Identifier: Apache-2.0
// What every error looks like on the wire in each binding and version, and what a request's
// extensions, tenant and wish to wait make of its answer.
#include <array>

#include "core/a2a/refusal.h"
#include "core/base/text.h"
#include "tests/unit/a2a/golden.h"

namespace aw::a2a::test {

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

TEST_CASE("0.3 says whether to wait, or leaves it to us; 1.0 waits unless told not to") {
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

}  // namespace aw::a2a::test
