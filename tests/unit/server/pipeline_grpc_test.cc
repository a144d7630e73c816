// SPDX-License-Identifier: Apache-2.0
// gRPC calls at the same gates.
#include "core/a2a/grpc_codec.h"
#include "core/a2a/grpc_frame.h"
#include "tests/unit/server/gate_house.h"

using namespace aw;
using namespace aw::server;
using namespace aw::server::test;

namespace {

std::string framed_message(std::string_view type, std::string_view json) {
  std::string out;
  a2a::append_grpc_frame(out, a2a::grpc_from_json(type, json).value());
  return out;
}

std::string grpc_send() {
  return framed_message(
      "lf.a2a.v1.SendMessageRequest",
      R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}})");
}

constexpr char const* kGrpcSend = "/lf.a2a.v1.A2AService/SendMessage";

}  // namespace

TEST_CASE("a gRPC call goes through the same gates, in whatever pieces it arrives") {
  House house;
  auto const whole = grpc_send();
  std::vector<std::string> bytes;
  for (char const c : whole) bytes.emplace_back(1, c);
  for (auto const& pieces : {std::vector<std::string>{whole}, bytes}) {
    auto const answer = house.grpc(kGrpcSend, pieces);
    CHECK(answer.response.trailers.get("grpc-status") == "0");
    auto const json =
        nlohmann::json::parse(a2a::grpc_to_json("lf.a2a.v1.SendMessageResponse",
                                                std::string_view(answer.response.body).substr(5))
                                  .value());
    CHECK(json["task"]["status"]["state"] == "TASK_STATE_COMPLETED");
  }
  CHECK(house.ran == 2);
  CHECK(house.seen_caller == "spiffe://a.test/agent/client");
  CHECK(house.records()[0].at("action") == "work");
}

TEST_CASE("what a gate refuses over gRPC reaches no backend and is on the record") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const denied = house.grpc(kGrpcSend, {grpc_send()});
  CHECK(denied.response.trailers.get("grpc-status") == "7");
  CHECK(denied.response.trailers.has("grpc-status-details-bin"));
  house.policy.answer = authz::unavailable("x", 1s);
  CHECK(house.grpc(kGrpcSend, {grpc_send()}).response.trailers.get("grpc-status") == "14");
  house.policy.answer = authz::allow("x");
  house.audit->close(0s);
  CHECK(house.grpc(kGrpcSend, {grpc_send()}).response.trailers.get("grpc-status") == "14");
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 2);
}

TEST_CASE("a gRPC body that is no one message is refused before policy is asked") {
  House house;
  auto const whole = grpc_send();
  std::string compressed = whole;
  compressed[0] = 1;
  struct Row {
    std::vector<std::string> pieces;
    std::string_view status;
  };
  for (auto const& row :
       std::initializer_list<Row>{{{}, "3"},
                                  {{whole.substr(0, 3)}, "3"},
                                  {{whole.substr(0, whole.size() - 1)}, "3"},
                                  {{whole + whole}, "3"},
                                  {{compressed}, "12"},
                                  {{std::string("\0\xff\xff\xff\xff", 5)}, "8"},
                                  {{std::string("\0\0\0\0\2\xff\xff", 7)}, "3"}}) {
    auto const answer = house.grpc(kGrpcSend, row.pieces);
    CHECK(answer.response.trailers.get("grpc-status") == row.status);
  }
  CHECK(house.policy.asked == 0);
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 7);
}

TEST_CASE("a replayed gRPC call is refused") {
  House house;
  http::Headers const fresh = {{"x-agentweave-nonce", "AAAAAAAAAAAAAAAAAAAAAA"},
                               {"x-agentweave-timestamp", format_rfc3339(house.clock.now())}};
  CHECK(house.grpc(kGrpcSend, {grpc_send()}, fresh).response.trailers.get("grpc-status") == "0");
  CHECK(house.grpc(kGrpcSend, {grpc_send()}, fresh).response.trailers.get("grpc-status") == "6");
  CHECK(house.ran == 1);
}

TEST_CASE("a gRPC call past its deadline ends with it, its task does not") {
  House house;
  auto const answer = house.grpc(kGrpcSend, {grpc_send()}, {{"grpc-timeout", "0n"}});
  // The work was quick: it may have been done before anyone looked at the clock.
  auto const status = answer.response.trailers.get("grpc-status");
  CHECK((status == "4" || status == "0"));
  CHECK(house.ran == 1);
}

TEST_CASE("health and reflection answer any verified peer without policy, on the record") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const health = house.grpc("/grpc.health.v1.Health/Check",
                                 {framed_message("grpc.health.v1.HealthCheckRequest", "{}")});
  CHECK(health.response.body == std::string("\0\0\0\0\2\x08\x01", 7));
  auto const question =
      framed_message("grpc.reflection.v1.ServerReflectionRequest", R"({"listServices":"*"})");
  for (auto const* const version : {"v1", "v1alpha"}) {
    auto const told = house.grpc(
        "/grpc.reflection." + std::string(version) + ".ServerReflection/ServerReflectionInfo",
        {question, question});
    CHECK(told.response.trailers.get("grpc-status") == "0");
    a2a::GrpcFrames answers(1 << 16);
    answers.feed(told.response.body);
    int count = 0;
    while (answers.next().value()) ++count;
    CHECK(count == 2);
  }
  CHECK(house.policy.asked == 0);
  CHECK(house.records().size() == 3);
  CHECK(house.records()[0].at("decision") == "allow");
}
