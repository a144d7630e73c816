// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/refusal.h"

#include <doctest/doctest.h>

#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {
Shape shape(Binding binding) {
  return {.binding = binding,
          .dialect = binding == Binding::tasks ? Dialect::plain : Dialect::v1_0,
          .rpc_id = "7"};
}
}  // namespace

TEST_CASE("a gate's refusal has its HTTP status in every binding, its code and the decision's id") {
  struct Row {
    Code code;
    int status;
  };
  for (auto const& row : {Row{Code::denied_by_policy, 403}, Row{Code::replayed, 409},
                          Row{Code::rate_limited, 429}, Row{Code::pdp_unavailable, 503},
                          Row{Code::too_large, 413}, Row{Code::no_client_certificate, 401}}) {
    for (auto const binding : {Binding::tasks, Binding::json_rpc, Binding::http_json}) {
      auto const answer = refusal(shape(binding), {.code = row.code, .decision_id = "d-1"});
      CHECK(answer.status == row.status);
      CHECK(answer.body.contains(code_name(row.code)));
      CHECK(answer.body.contains("d-1"));
      CHECK(nlohmann::json::parse(answer.body).contains("error"));
    }
  }
}

TEST_CASE("the plain refusal is the one of the stories") {
  auto const answer =
      refusal(shape(Binding::tasks), {.code = Code::replayed, .decision_id = "d-1"});
  auto const body = nlohmann::json::parse(answer.body);
  CHECK(body["error"]["code"] == "AW4002");
  CHECK(body["error"]["reason"] == "replayed");
  CHECK(body["error"]["decision_id"] == "d-1");
  CHECK(body["error"]["retryable"] == false);
}

TEST_CASE("Retry-After is said when it is known") {
  auto const answer = refusal(
      shape(Binding::json_rpc),
      {.code = Code::pdp_unavailable, .decision_id = "d", .retry_after = std::chrono::seconds(30)});
  CHECK(answer.headers.get("retry-after") == "30");
  auto const body = nlohmann::json::parse(answer.body);
  CHECK(body["jsonrpc"] == "2.0");
  CHECK(body["id"] == 7);
  CHECK(body["error"]["data"][0]["metadata"]["retryable"] == "true");
}

TEST_CASE("protocol errors have their number, status and ErrorInfo") {
  struct Row {
    ProtocolError error;
    int rpc;
    int rest;
    char const* reason;
  };
  for (auto const& row :
       {Row{ProtocolError::parse, -32700, 400, "PARSE_ERROR"},
        Row{ProtocolError::method, -32601, 404, "METHOD_NOT_FOUND"},
        Row{ProtocolError::params, -32602, 400, "INVALID_PARAMS"},
        Row{ProtocolError::task_not_found, -32001, 404, "TASK_NOT_FOUND"},
        Row{ProtocolError::task_not_cancelable, -32002, 400, "TASK_NOT_CANCELABLE"},
        Row{ProtocolError::push_not_supported, -32003, 400, "PUSH_NOTIFICATION_NOT_SUPPORTED"},
        Row{ProtocolError::unsupported_operation, -32004, 400, "UNSUPPORTED_OPERATION"},
        Row{ProtocolError::content_type, -32005, 415, "CONTENT_TYPE_NOT_SUPPORTED"},
        Row{ProtocolError::invalid_agent_response, -32006, 500, "INVALID_AGENT_RESPONSE"},
        Row{ProtocolError::extended_card, -32007, 400, "EXTENDED_AGENT_CARD_NOT_CONFIGURED"},
        Row{ProtocolError::extension_required, -32008, 400, "EXTENSION_SUPPORT_REQUIRED"},
        Row{ProtocolError::version, -32009, 400, "VERSION_NOT_SUPPORTED"}}) {
    CHECK(protocol_code(row.error) == row.rpc);
    auto const rpc = protocol_error(shape(Binding::json_rpc), row.error, "what");
    CHECK(rpc.status == 200);
    auto const in_rpc = nlohmann::json::parse(rpc.body)["error"];
    CHECK(in_rpc["code"] == row.rpc);
    CHECK(in_rpc["message"] == "what");
    CHECK(in_rpc["data"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo");
    CHECK(in_rpc["data"][0]["reason"] == row.reason);
    CHECK(in_rpc["data"][0]["domain"] == "a2a-protocol.org");
    auto const rest = protocol_error(shape(Binding::http_json), row.error, "what");
    CHECK(rest.status == row.rest);
    CHECK(nlohmann::json::parse(rest.body)["error"]["details"][0]["reason"] == row.reason);
  }
}

TEST_CASE("errors show their words only where they were written for the caller") {
  Error const inner = make_error(Code::io, "open /secret/path: denied", "hint");
  for (auto const binding : {Binding::tasks, Binding::json_rpc, Binding::http_json})
    CHECK_FALSE(error_response(shape(binding), inner, "d").body.contains("secret"));
  Error const outer = make_error(Code::task_not_found, "task not found");
  CHECK(error_response(shape(Binding::tasks), outer, "d").status == 404);
  CHECK(error_response(shape(Binding::json_rpc), outer, "d").body.contains("-32001"));
}

TEST_CASE("REST answers in the media type that was asked for") {
  auto asked = shape(Binding::http_json);
  CHECK(refusal(asked, {.code = Code::replayed}).headers.get("content-type") == "application/json");
  asked.media = Media::a2a_json;
  CHECK(refusal(asked, {.code = Code::replayed}).headers.get("content-type") ==
        "application/a2a+json");
}
