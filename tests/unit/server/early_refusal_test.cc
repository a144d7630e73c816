// SPDX-License-Identifier: Apache-2.0
// Refusals of the codec, which knows no caller, and what is cut off before it is decided, as the
// gates put them on record.
#include "core/decisions/reader.h"
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

namespace {

// Serves a request whose handling an exception ends while policy thinks, or later.
void serve_cut(House& house, Answer& answer) {
  auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  Visitor const visitor = house.visitor();
  CHECK_THROWS_AS(io::run_blocking(house.pipeline->serve(visitor, request, answer)),
                  std::runtime_error);
}

}  // namespace

TEST_CASE("a request that is cut off before it is decided is one denial on record, with its why") {
  struct Row {
    char const* reason;
    char const* code;
    bool late;  // the listener has answered in our stead
    bool gone;
    char const* status;
  };
  for (auto const& row : {Row{"timed_out", "AW8004", true, true, "error"},
                          Row{"interrupted", "AW8007", false, true, "interrupted"},
                          Row{"internal", "AW9001", false, false, "error"}}) {
    CAPTURE(row.reason);
    House house;
    Answer answer;
    house.policy.thinks = [&] {
      answer.done = row.late;
      answer.gone = row.gone;
      throw std::runtime_error("cut");
    };
    serve_cut(house, answer);
    auto const records = house.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].at("decision") == "deny");
    CHECK(records[0].at("reason") == row.reason);
    CHECK(records[0].at("code") == row.code);
    CHECK(records[0].at("action") == "work");
    CHECK(records[0].at("caller_id") == "spiffe://a.test/agent/client");
    auto const id = records[0].at("decision_id").get<std::string>();
    CHECK(answer.extra.get("x-agentweave-decision-id") == id);
    auto const kept = house.recent.find(id);
    REQUIRE(kept);
    CHECK(kept->text(decisions::Text::gate) == "authorization");
    CHECK(house.has_line("agentweave_gate_refusals_total{reason=\"" + std::string(row.reason) +
                         "\"} 1"));
    CHECK(house.has_line(
        "agentweave_requests_total{agent_name=\"agent\",capability=\"work\",status=\"" +
        std::string(row.status) + "\"} 1"));
    CHECK(house.ran == 0);
  }
}

TEST_CASE("what was decided before it was cut off is not on record twice, and has its outcome") {
  for (bool const gone : {false, true}) {
    CAPTURE(gone);
    House house;
    Answer answer;
    answer.breaks = true;
    answer.gone = gone;
    house.policy.answer = authz::deny("rule", Code::denied_by_policy);
    serve_cut(house, answer);
    auto const records = house.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].at("reason") == "rule");
    // Who went away is no failure of ours; that something broke is.
    CHECK(house.has_line(
        "agentweave_requests_total{agent_name=\"agent\",capability=\"work\",status=\"" +
        std::string(gone ? "denied" : "error") + "\"} 1"));
    CHECK(house.has_line(
        R"(agentweave_requests_total{agent_name="agent",capability="work",status="interrupted"} 0)"));
  }
}

TEST_CASE("a decision that could not be audited is told of once: as the refusal it became") {
  House house;
  auto const store = house.keep_decisions();
  house.audit->close({});
  Answer answer;
  auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  Visitor const visitor = house.visitor();
  io::run_blocking(house.pipeline->serve(visitor, request, answer));
  CHECK(house.ran == 0);
  auto const document = nlohmann::json::parse(store->document(10, "agent"));
  REQUIRE(document.at("result").size() == 1);
  auto const id = *answer.extra.get("x-agentweave-decision-id");
  CHECK(document.at("result")[0].at("decision_id") == id);
  CHECK(document.at("result")[0].at("result") == false);
  auto reader = decisions::Reader::open(house.dir / "decisions").value();
  for (auto const& asked : {std::string(id), std::string(id).substr(0, 6)}) {
    auto const found = reader.find(asked).value();
    CHECK_FALSE(found.allowed());
    CHECK(found.number(decisions::Number::code) ==
          static_cast<std::uint64_t>(Code::audit_unavailable));
  }
}

TEST_CASE("without a store too, what could not be audited is told of once") {
  House house;
  house.audit->close({});
  Answer answer;
  auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  Visitor const visitor = house.visitor();
  io::run_blocking(house.pipeline->serve(visitor, request, answer));
  auto const id = *answer.extra.get("x-agentweave-decision-id");
  CHECK(nlohmann::json::parse(house.recent.document()).at("result").size() == 1);
  auto const kept = house.recent.find(id);
  REQUIRE(kept);
  CHECK_FALSE(kept->allowed());
}

TEST_CASE("a request that is cut off is among the kept decisions") {
  House house;
  auto const store = house.keep_decisions();
  Answer answer;
  house.policy.thinks = [] { throw std::runtime_error("cut"); };
  serve_cut(house, answer);
  auto const document = nlohmann::json::parse(store->document(10, "agent"));
  CHECK(document.at("result").size() == 1);
  CHECK(house.records().size() == 1);
}
