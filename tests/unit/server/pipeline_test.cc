// SPDX-License-Identifier: Apache-2.0
// What the gates let through and what they refuse, whoever asks.
#include "core/server/pipeline.h"

#include "tests/support/small_files.h"
#include "tests/unit/server/gate_house.h"

using namespace aw;
using namespace aw::server;
using namespace aw::server::test;

TEST_CASE(
    "an allowed call reaches the backend with the verified caller, after its record is in the "
    "log") {
  House house;
  auto const answer = house.call();
  CHECK(answer.response.status == 200);
  CHECK(house.ran == 1);
  CHECK(house.seen_caller == "spiffe://a.test/agent/client");
  auto const records = house.records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].at("decision") == "allow");
  CHECK(records[0].at("action") == "work");
  CHECK(answer.extra.get("x-agentweave-decision-id") ==
        records[0].at("decision_id").get<std::string>());
}

TEST_CASE("a default-constructed decision denies and the backend hears nothing") {
  House house;
  house.policy.answer = authz::AuthzDecision{};
  auto const answer = house.call();
  CHECK(answer.response.status == 403);
  CHECK(error_of(answer).at("code") == "AW3001");
  CHECK(house.ran == 0);
  REQUIRE(house.records().size() == 1);
  CHECK(house.records()[0].at("decision") == "deny");
}

TEST_CASE("an unavailable decision point is 503 with Retry-After, never a plain deny") {
  House house;
  house.policy.answer = authz::unavailable("nobody answers", 30s);
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(answer.response.headers.get("retry-after") == "30");
  CHECK(error_of(answer).at("code") == "AW3010");
  CHECK(house.ran == 0);
}

TEST_CASE("the same nonce again is a replay: 409, audited, not asked of policy, not run") {
  House house;
  auto const send = [&] {
    auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
    request.headers.add(kNonceHeader, "AAAAAAAAAAAAAAAAAAAAAA");
    request.headers.add(kTimestampHeader, format_rfc3339(house.clock.now()));
    return house.serve(std::move(request));
  };
  CHECK(send().response.status == 200);
  auto const again = send();
  CHECK(again.response.status == 409);
  CHECK(error_of(again).at("code") == "AW4002");
  CHECK(error_of(again).at("reason") == "replayed");
  CHECK(error_of(again).at("retryable") == false);
  CHECK(house.policy.asked == 1);
  CHECK(house.ran == 1);
  CHECK(house.records().back().at("decision") == "deny");
}

TEST_CASE("a nonce given twice in one request is refused") {
  House house;
  auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  request.headers.add(kNonceHeader, "AAAAAAAAAAAAAAAAAAAAAA");
  request.headers.add(kNonceHeader, "BBBBBBBBBBBBBBBBBBBBBB");
  request.headers.add(kTimestampHeader, format_rfc3339(house.clock.now()));
  CHECK(house.serve(std::move(request)).response.status == 400);
  CHECK(house.ran == 0);
}

TEST_CASE("what cannot be understood or is not mapped is refused without asking policy") {
  House house;
  CHECK(house.serve(house.post("/nowhere", "{}")).response.status == 403);
  CHECK(house.serve(house.post("/a2a/v1/tasks", "{not json")).response.status == 400);
  CHECK(house.serve(house.post("/a2a/v1/tasks", R"({"payload":{}})")).response.status == 400);
  CHECK(house.policy.asked == 0);
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 3);
  for (auto const& record : house.records()) CHECK(record.at("decision") == "deny");
}

TEST_CASE("a caller whose certificate ran out meanwhile is refused") {
  House house;
  auto who = house.visitor();
  who.until = house.clock.now();
  auto const answer =
      house.serve(house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})"), who);
  CHECK(answer.response.status == 401);
  CHECK(house.ran == 0);
}

TEST_CASE("no record, no dispatch: an audit log that is closed denies with 503") {
  House house;
  house.audit->close(0s);
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(error_of(answer).at("code") == "AW6001");
  CHECK(house.ran == 0);
}

TEST_CASE("no kept decision, no dispatch: the log tells of the refusal, and of no allow") {
  House house;
  auto const store = house.keep_decisions();
  REQUIRE(house.call().response.status == 200);
  // A disk that has room for the log and none for the store, which is larger.
  decisions::Fields large;
  std::string const text(1U << 20, 'x');
  large.set(decisions::Text::reason, text);
  decisions::Ticket ticket;
  store->keep_now(large, ticket);
  REQUIRE(ticket.outcome.ok());
  {
    testing::SmallFiles const full(512U << 10);
    auto const answer = house.call();
    CHECK(answer.response.status == 503);
    CHECK(error_of(answer).at("code") == "AW6001");
  }
  CHECK(house.ran == 1);
  auto const records = house.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].at("decision") == "allow");
  CHECK(records[1].at("decision") == "deny");
  CHECK(house.has_line("agentweave_decisions_refused_total 2"));  // the allow, and its refusal
  CHECK(house.call().response.status == 200);
}

TEST_CASE("another caller's task is not found, and that is on the record") {
  House house;
  auto const made = house.call();
  auto const id = nlohmann::json::parse(made.response.body).at("id").get<std::string>();
  http::Request get;
  get.method = "GET";
  get.set_target("/a2a/v1/tasks/" + id);
  get.authority = "agent:8443";
  CHECK(house.serve(http::Request(get)).response.status == 200);
  auto const stranger = house.serve(std::move(get), house.visitor("spiffe://a.test/agent/other"));
  CHECK(stranger.response.status == 404);
  CHECK(house.records().back().at("decision") == "deny");
}

TEST_CASE("every answer tells nothing of the inside") {
  House house;
  house.policy.answer = authz::deny("secret rule text: /etc/policy/authz.rego:14");
  auto const answer = house.call();
  CHECK(answer.response.body.find("rego") == std::string::npos);
  CHECK(house.records().back().at("reason").get<std::string>().find("rego") != std::string::npos);
}

TEST_CASE("whatever policy answers, only a plain allow runs") {
  House house;
  std::vector<authz::AuthzDecision> const answers = {
      authz::AuthzDecision{},
      authz::deny("x"),
      authz::deny("x", Code::policy_result_malformed),
      authz::deny("x", Code::decision_timeout),
      authz::unavailable("x", 1s),
      authz::deny("x", Code::internal)};
  for (auto const& answer : answers) {
    house.policy.answer = answer;
    CHECK(house.call().response.status >= 400);
  }
  CHECK(house.ran == 0);
  CHECK(house.records().size() == answers.size());
  house.policy.answer = authz::allow("x");
  CHECK(house.call().response.status == 200);
  CHECK(house.ran == 1);
}

TEST_CASE("a recent decision is found by its id, as far as the gates knew of it") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const answer = house.call();
  auto const id = std::string(*answer.extra.get("x-agentweave-decision-id"));
  auto const found = house.recent.find(id);
  REQUIRE(found);
  using decisions::Text;
  CHECK(found->text(Text::id) == id);
  CHECK(found->text(Text::caller) == "spiffe://a.test/agent/client");
  CHECK(found->text(Text::action) == "work");
  CHECK(found->text(Text::gate) == "authorization");
  CHECK(found->text(Text::reason) == "no");
  CHECK_FALSE(found->allowed());
  CHECK(found->number(decisions::Number::code) ==
        static_cast<std::uint64_t>(Code::denied_by_policy));
  CHECK_FALSE(house.recent.find("d-nothing"));
  CHECK_FALSE(house.recent.find(""));
}

TEST_CASE("what is not understood is refused with the decision's id in the body, too") {
  House house;
  for (std::string const body :
       {R"({"task_type":)", R"({"payload":{}})", R"({"task_type":"a b"})"}) {
    CAPTURE(body);
    auto const answer = house.serve(house.post("/a2a/v1/tasks", body));
    auto const error = nlohmann::json::parse(answer.response.body).at("error");
    CHECK(error.at("decision_id") == std::string(*answer.extra.get("x-agentweave-decision-id")));
    CHECK(error.at("code").get<std::string>().starts_with("AW"));
  }
  CHECK(house.ran == 0);
}

TEST_CASE("the agent's health is told to verified callers, on record and without a policy's word") {
  House house;
  http::Request request;
  request.method = "GET";
  request.set_target("/health");
  auto const answer = house.serve(request);
  CHECK(answer.response.status == 200);
  CHECK(answer.response.body == R"({"status":"healthy","agent":""})");
  CHECK(house.policy.asked == 0);
  REQUIRE(!house.records().empty());
  CHECK(house.records().back().at("decision") == "allow");
  CHECK(house.records().back().at("reason") == "health");
}

TEST_CASE("policy's answers are counted by capability, and names callers make up are one") {
  House house;
  CHECK(house.has_line(
      R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="allow"} 0)"));
  CHECK(house.call().response.status == 200);
  house.policy.answer = authz::AuthzDecision{};
  CHECK(house.call().response.status == 403);
  CHECK(house.call("made_up").response.status == 403);
  for (
      auto const* const line :
      {R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="allow"} 1)",
       R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="deny"} 1)",
       R"(agentweave_auth_decisions_total{agent_name="agent",capability="none",decision="deny"} 1)",
       R"(agentweave_auth_check_duration_seconds_count{agent_name="agent",capability="work"} 2)"}) {
    CAPTURE(line);
    CHECK(house.has_line(line));
  }
}
