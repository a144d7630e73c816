// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/client_grpc.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/a2a/grpc_answer.h"
#include "core/a2a/grpc_codec.h"
#include "core/a2a/grpc_frame.h"
#include "tests/unit/a2a/support.h"

using namespace std::chrono_literals;

namespace aw::a2a {
namespace {

Interface grpc_of(Dialect dialect) {
  return {.transport = Transport::grpc, .dialect = dialect, .url = "agent:8443"};
}

http::Headers grpc_head() { return {{"content-type", "application/grpc"}}; }

// The message of an encoded request, as protobuf's JSON.
std::string asked_json(Interface const& one, Ask const& ask, std::string_view type) {
  auto const request = encode(one, ask).value();
  GrpcFrames frames(1U << 20);
  frames.feed(request.body);
  auto const message = frames.next().value();
  REQUIRE(message);
  CHECK(frames.empty());
  return grpc_to_json(grpc_type(one.dialect, type), *message).value();
}

Error ended_with(http::Headers const& trailers, http::Headers const& head = grpc_head()) {
  auto const outcome = grpc_outcome(200, head, trailers);
  REQUIRE_FALSE(outcome.ok());
  return outcome.error();
}

}  // namespace

TEST_CASE("every ask has its method and message in both packages, or is refused") {
  struct Row {
    Kind kind;
    char const* v1;
    char const* v1_json;
    char const* v03;
    char const* v03_json;
  };
  auto const message = std::make_shared<const Message>(*test::message("m1", "hi"));
  constexpr auto kId = R"({"id":"T1"})";
  constexpr auto kName = R"({"name":"tasks/T1"})";
  for (auto const& row :
       {Row{Kind::get, "GetTask", kId, "GetTask", kName},
        Row{Kind::cancel, "CancelTask", kId, "CancelTask", kName},
        Row{Kind::subscribe, "SubscribeToTask", kId, "TaskSubscription", kName},
        Row{Kind::list, "ListTasks", R"({"pageSize":50})", nullptr, nullptr},
        Row{Kind::extended_card, "GetExtendedAgentCard", "{}", "GetAgentCard", "{}"}}) {
    CAPTURE(kind_name(row.kind));
    Ask const ask{.kind = row.kind, .task_id = "T1"};
    auto const v1 = encode(grpc_of(Dialect::v1_0), ask).value();
    CHECK(v1.path == "/lf.a2a.v1.A2AService/" + std::string(row.v1));
    CHECK(v1.headers.get("a2a-version") == "1.0");
    CHECK(v1.headers.get("content-type") == "application/grpc");
    CHECK(v1.headers.get("te") == "trailers");
    CHECK(asked_json(grpc_of(Dialect::v1_0), ask, std::string(row.v1) + "Request") == row.v1_json);
    auto const v03 = encode(grpc_of(Dialect::v0_3), ask);
    if (row.v03 == nullptr) {
      CHECK(v03.error().code == Code::unsupported_operation);
      continue;
    }
    CHECK(v03->path == "/a2a.v1.A2AService/" + std::string(row.v03));
    CHECK(v03->headers.get("a2a-version") == "0.3");
    CHECK(asked_json(grpc_of(Dialect::v0_3), ask, std::string(row.v03) + "Request") ==
          row.v03_json);
  }
  for (auto const kind : {Kind::push_create, Kind::push_get, Kind::push_list, Kind::push_delete})
    CHECK(encode(grpc_of(Dialect::v1_0), {.kind = kind}).error().code ==
          Code::unsupported_operation);
}

TEST_CASE("a message goes out with the members of its package") {
  Ask const ask{.kind = Kind::send, .message = test::message("m1", "hi"), .history_length = 3};
  auto const v1 =
      nlohmann::json::parse(asked_json(grpc_of(Dialect::v1_0), ask, "SendMessageRequest"));
  CHECK(v1["message"]["parts"][0]["text"] == "hi");
  CHECK(v1["configuration"]["historyLength"] == 3);
  auto const v03 =
      nlohmann::json::parse(asked_json(grpc_of(Dialect::v0_3), ask, "SendMessageRequest"));
  CHECK(v03["message"]["content"][0]["text"] == "hi");
  CHECK(v03["configuration"]["blocking"] == true);
}

TEST_CASE("a call's time is told in at most eight digits") {
  struct Row {
    std::chrono::nanoseconds left;
    char const* told;
  };
  for (auto const& row : {Row{20s, "20000m"}, Row{1ns, "1m"}, Row{-5s, "1m"},
                          Row{std::chrono::hours(100'000), "99999999m"}}) {
    http::Request request;
    set_grpc_timeout(request, row.left);
    CHECK(request.headers.get("grpc-timeout") == row.told);
  }
}

TEST_CASE("a gRPC interface is dialled where and as well secured as its card says") {
  http::Endpoint const web{.scheme = http::Scheme::https, .host = "agent", .port = 443};
  http::Endpoint const near{.scheme = http::Scheme::http, .host = "127.0.0.1", .port = 80};
  CHECK(grpc_endpoint("agent:50051", web)->text() == "https://agent:50051");
  CHECK(grpc_endpoint("127.0.0.1:50051", near)->text() == "http://127.0.0.1:50051");
  CHECK(grpc_endpoint("http://127.0.0.1:50051", web)->scheme == http::Scheme::http);
  CHECK(grpc_endpoint("https://agent:1", near)->text() == "https://agent:1");
  for (auto const* url : {"", "agent:port", "dns:///agent:1", "grpc://agent:1", "a b:1"}) {
    CAPTURE(url);
    CHECK(grpc_endpoint(url, web).error().code == Code::protocol);
  }
}

TEST_CASE("a status means what its details say, else what its number says") {
  struct Row {
    char const* status;
    Code code;
  };
  for (auto const& row :
       {Row{"1", Code::request_malformed}, Row{"2", Code::backend_failed},
        Row{"3", Code::request_malformed}, Row{"4", Code::timeout}, Row{"5", Code::not_found},
        Row{"7", Code::denied_by_policy}, Row{"8", Code::rate_limited},
        Row{"12", Code::unsupported_operation}, Row{"13", Code::backend_failed},
        Row{"14", Code::overloaded}, Row{"16", Code::no_client_certificate},
        Row{"99", Code::backend_failed}}) {
    CAPTURE(row.status);
    auto const error = ended_with({{"grpc-status", row.status}, {"grpc-message", "a%20b%"}});
    CHECK(error.code == row.code);
    CHECK(error.message == "a b%");
  }
  std::pair<std::string_view, std::string> const own[] = {{"code", "AW3001"}};
  auto const detailed = grpc_error({.status = 7,
                                    .message = "denied",
                                    .reason = "DENIED",
                                    .domain = "agentweave",
                                    .metadata = own,
                                    .field = {}});
  CHECK(ended_with(detailed.trailers).code == Code::denied_by_policy);
  auto const named = grpc_error({.status = 9,
                                 .message = "over",
                                 .reason = "TASK_NOT_CANCELABLE",
                                 .domain = "a2a-protocol.org",
                                 .metadata = {},
                                 .field = "id"});
  CHECK(ended_with(named.trailers).code == Code::task_terminal);
  // In the head, when nothing else came.
  CHECK(ended_with({}, {{"content-type", "application/grpc+proto"}, {"grpc-status", "5"}}).code ==
        Code::not_found);
}

TEST_CASE("what is no gRPC answer is never taken for success") {
  CHECK(ended_with({}).code == Code::protocol);
  CHECK(ended_with({{"grpc-status", "zero"}}).code == Code::protocol);
  CHECK(ended_with({{"grpc-status", "-1"}}).code == Code::protocol);
  CHECK(ended_with({{"grpc-status", "-0"}}).code == Code::protocol);
  CHECK(ended_with({{"grpc-status", "0"}}, {{"content-type", "text/html"}}).code == Code::protocol);
  CHECK(grpc_outcome(503, grpc_head(), {{"grpc-status", "0"}}).error().code == Code::overloaded);
  CHECK(ended_with({{"grpc-status", "5"}, {"grpc-status-details-bin", "%%%"}}).code ==
        Code::not_found);
  auto const one = grpc_of(Dialect::v1_0);
  std::string two;
  append_grpc_frame(two, "");
  append_grpc_frame(two, "");
  std::string flagged(5, '\0');
  flagged[0] = 1;
  std::string garbled;
  append_grpc_frame(garbled, "\xff\xff");
  for (auto const& body : {std::string(), std::string("abc"), two, two + "x", flagged, garbled}) {
    auto const read = grpc_body_json(one, Kind::get, body);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == Code::protocol);
  }
}

}  // namespace aw::a2a
