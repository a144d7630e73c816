// SPDX-License-Identifier: Apache-2.0
// What the gates count, on which limits they turn callers away, and what the trust map shows of it.
#include "tests/unit/server/gate_house.h"

using namespace aw;
using namespace aw::server;
using namespace aw::server::test;

TEST_CASE("a failing backend is an error of ours in the metrics, once") {
  House house;
  house.fails = make_error(Code::backend_failed, "the printer is on fire");
  house.call();
  CHECK(house.has_line(
      R"(agentweave_errors_total{agent_name="agent",error_type="backend_failed"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="error"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="success"} 0)"));
}

TEST_CASE("a decision point that does not answer counts as one error, a denial as none") {
  House house;
  house.policy.answer = authz::unavailable("x", 1s);
  house.call();
  CHECK(house.has_line(
      R"(agentweave_errors_total{agent_name="agent",error_type="pdp_unavailable"} 1)"));
  house.policy.answer = authz::deny("x");
  house.call();
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="denied"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="error"} 1)"));
  CHECK(house.has_line(R"(agentweave_gate_refusals_total{reason="no_matching_rule"} 1)"));
}

TEST_CASE("a caller that leaves before its answer was whole was not denied, and nothing failed") {
  auto const line = [](std::string_view status, int count) {
    return R"(agentweave_requests_total{agent_name="agent",capability="work",status=")" +
           std::string(status) + "\"} " + std::to_string(count);
  };
  for (auto const* const path : {"/a2a/v1/tasks", "/message:stream"}) {
    CAPTURE(std::string(path));
    House house;
    Answer answer;
    answer.gone = true;
    bool const streams = path != std::string_view("/a2a/v1/tasks");
    auto request = house.post(
        path, streams
                  ? R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}})"
                  : R"({"task_type":"work","payload":{}})");
    if (streams) request.headers.set("a2a-version", "1.0");
    Visitor const visitor = house.visitor();
    io::run_blocking(house.pipeline->serve(visitor, request, answer));
    CHECK(house.ran == 1);
    CHECK(house.records().back().at("decision") == "allow");
    CHECK(house.has_line(line("interrupted", 1)));
    for (auto const* const other : {"success", "error", "denied"})
      CHECK(house.has_line(line(other, 0)));
    CHECK(house.has_line(R"(agentweave_request_duration_seconds_count{agent_name="agent",)"
                         R"(capability="work",status="interrupted"} 1)"));
  }
}

TEST_CASE("beyond the concurrency limit the answer is 503 and others are not harmed") {
  House house;
  std::vector<Admission::Slot> taken;
  for (int i = 0; i < 10; ++i) taken.push_back(house.admission.enter());
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(answer.response.headers.get("retry-after").has_value());
  CHECK(house.ran == 0);
  taken.clear();
  CHECK(house.call().response.status == 200);
}

TEST_CASE("a caller that has its share in work gets 429, and nobody else does") {
  House house;
  auto busy = house.visitor();
  busy.load = house.greedy.load_of(busy.peer->id.text());
  auto const held = house.greedy.enter(busy.load);
  house.build(house.greedy);
  auto const body = R"({"task_type":"work","payload":{}})";
  auto const refused = house.serve(house.post("/a2a/v1/tasks", body), busy);
  CHECK(refused.response.status == 429);
  CHECK(refused.response.headers.get("retry-after").has_value());
  CHECK(house.records().back()["reason"] == "rate_limited");
  auto other = house.visitor("spiffe://a.test/agent/other");
  other.load = house.greedy.load_of(other.peer->id.text());
  CHECK(house.serve(house.post("/a2a/v1/tasks", body), other).response.status == 200);
}

TEST_CASE(
    "each request counts once on its connection's line of the trust map, by what became of it") {
  House house;
  CallMap map(house.clock, house.registry);
  CHECK(house.pipeline->line_of(house.visitor()) == nullptr);  // without a map
  house.calls = &map;
  house.build();
  auto who = house.visitor();
  who.line = house.pipeline->line_of(who);
  auto const count = [&](CallOutcome outcome) { return who.line->total(outcome); };
  auto const work = [&] {
    return house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  };
  auto const allowed = house.serve(work(), who);
  CHECK(count(CallOutcome::allowed) == 1);
  CHECK(who.line->tally(CallOutcome::allowed, house.clock.steady(), 0).decisions ==
        std::vector<std::string>{std::string(*allowed.extra.get("x-agentweave-decision-id"))});

  house.policy.answer.shadow_says = authz::ShadowSays::would_deny;
  house.serve(work(), who);
  CHECK(count(CallOutcome::would_deny) == 1);
  house.policy.answer = authz::deny("no");
  house.serve(work(), who);
  house.serve(house.post("/nowhere", "{}"), who);
  house.serve(house.post("/rpc", "no json"), who);
  CHECK(count(CallOutcome::denied) == 3);
  house.policy.answer = authz::allow("rule");
  house.serve(house.post("/.well-known/agent-card.json", ""), who);
  auto once = work();
  once.headers.add("x-agentweave-nonce", std::string(22, 'A'));
  once.headers.add("x-agentweave-timestamp", format_rfc3339(house.clock.now()));
  house.serve(once, who);
  house.serve(once, who);
  CHECK(count(CallOutcome::replay) == 1);
  auto const before = count(CallOutcome::denied);
  who.until = house.clock.now();
  house.serve(work(), who);
  CHECK(count(CallOutcome::denied) == before + 1);
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kCallOutcomes; ++i) all += count(static_cast<CallOutcome>(i));
  CHECK(all == 9);
  auto const picture = map.picture(house.clock.steady(), 0, nullptr);
  CHECK(picture.lives.contains("spiffe://a.test/agent/client"));
}

TEST_CASE("an allowed call that is not on record was no allowed call on the map either") {
  House house;
  CallMap map(house.clock, house.registry);
  house.calls = &map;
  house.build();
  auto who = house.visitor();
  who.line = house.pipeline->line_of(who);
  house.audit->close(0ns);
  auto const answer =
      house.serve(house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})"), who);
  CHECK(answer.response.status == 503);
  CHECK(who.line->total(CallOutcome::allowed) == 0);
  CHECK(who.line->total(CallOutcome::denied) == 1);
}
