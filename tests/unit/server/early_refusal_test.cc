// SPDX-License-Identifier: Apache-2.0
// Refusals of the codec, which knows no caller, as the gates put them on record.
#include "tests/unit/server/gate_house.h"

using namespace aw;
using namespace aw::server;
using namespace aw::server::test;

namespace {

http::EarlyRefusal too_large(http::Request const* head = nullptr) {
  return {.code = Code::too_large, .status = 413, .what = "body too large", .head = head};
}

nlohmann::json body_of(http::Response const& response) {
  return nlohmann::json::parse(response.body);
}

}  // namespace

TEST_CASE("a refusal of the codec is one denial on record, under the id that its sender is told") {
  House house;
  auto request = house.post("/a2a/v1/tasks", "");
  request.headers.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  auto const response = house.pipeline->refuse_early(house.visitor(), too_large(&request));
  auto const records = house.records();
  REQUIRE(records.size() == 1);
  auto const& record = records[0];
  CHECK(record.at("event_type") == "AUTH_CHECK");
  CHECK(record.at("decision") == "deny");
  CHECK(record.at("code") == "AW4007");
  CHECK(record.at("reason") == "too_large");
  CHECK(record.at("caller_id") == "spiffe://a.test/agent/client");
  CHECK(record.at("remote_address") == "10.0.0.7:1234");
  CHECK(record.at("resource") == "POST /a2a/v1/tasks");
  CHECK(record.at("trace_id") == "0af7651916cd43dd8448eb211c80319c");
  CHECK_FALSE(record.contains("action"));
  CHECK(response.headers.get("x-agentweave-decision-id") ==
        record.at("decision_id").get<std::string>());
  CHECK(body_of(response).at("error").at("decision_id") == record.at("decision_id"));
  CHECK(house.policy.asked == 0);
  CHECK(house.ran == 0);
  CHECK(house.has_line(R"(agentweave_gate_refusals_total{reason="too_large"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="none",status="denied"} 1)"));
}

TEST_CASE("what could not be read at all is on record with its sender alone") {
  House house;
  auto const response = house.pipeline->refuse_early(
      house.visitor(),
      {.code = Code::request_malformed, .status = 400, .what = "no host", .head = nullptr});
  CHECK(body_of(response).at("error").at("code") == "AW4001");
  auto const records = house.records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].at("caller_id") == "spiffe://a.test/agent/client");
  CHECK_FALSE(records[0].contains("resource"));
  auto const kept = house.recent.find(records[0].at("decision_id").get<std::string>());
  REQUIRE(kept);
  CHECK(kept->text(decisions::Text::gate) == "understood");
}

TEST_CASE("an audit log that fails keeps nobody from being refused") {
  House house;
  house.audit->close(0s);
  auto const response = house.pipeline->refuse_early(house.visitor(), too_large());
  CHECK(body_of(response).at("error").at("code") == "AW4007");
  CHECK(house.records().empty());
}

TEST_CASE("a refusal of the codec is among the kept decisions, without a question") {
  House house;
  auto const store = house.keep_decisions();
  static_cast<void>(house.pipeline->refuse_early(house.visitor(), too_large()));
  auto const document = nlohmann::json::parse(store->document(10, "agent"));
  REQUIRE(document.at("result").size() == 1);
  CHECK(document.at("result")[0].dump().find("too_large") != std::string::npos);
  CHECK(house.records().size() == 1);
}
