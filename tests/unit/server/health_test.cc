// SPDX-License-Identifier: Apache-2.0
#include "core/server/health.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/server/instruments.h"
#include "core/server/recent_decisions.h"
#include "core/server/trace.h"

using namespace aw;
using namespace aw::server;
using State = CheckResult::State;

TEST_CASE("an agent is ready only when started, not draining, and no gating check fails") {
  Health health;
  State identity = State::ok;
  State policy = State::ok;
  health.add("identity", Weight::gates_readiness,
             [&] { return CheckResult{identity, "71% left"}; });
  health.add("policy", Weight::informs,
             [&] { return CheckResult{policy, "0 of 3 endpoints answer"}; });
  CHECK_FALSE(health.ready());
  health.set_started();
  CHECK(health.ready());
  policy = State::failed;
  CHECK(health.ready());
  CHECK(verbose_text(health).find(
            "[-]policy failed: 0 of 3 endpoints answer (readiness stays up by policy)") !=
        std::string::npos);
  identity = State::failed;
  CHECK_FALSE(health.ready());
  CHECK(verbose_text(health).ends_with("readyz check failed\n"));
  identity = State::ok;
  health.set_draining();
  CHECK_FALSE(health.ready());
}

TEST_CASE("a check that was not asked counts as failed") {
  CHECK(CheckResult{}.state == State::failed);
}

TEST_CASE("the health document names every check") {
  Health health;
  health.set_started();
  health.add("audit", Weight::gates_readiness,
             [] { return CheckResult{State::degraded, "spooling"}; });
  auto const parsed = json::parse(
      health_document(health, "billing", "spiffe://a.test/billing", std::chrono::seconds(7)));
  REQUIRE(parsed.ok());
  CHECK(parsed->at("status") == "degraded");
  CHECK(parsed->at("uptime_seconds") == 7);
  CHECK(parsed->at("checks").at("audit").at("detail") == "spooling");
}

TEST_CASE("a well-formed traceparent is continued, anything else begins a new trace") {
  constexpr std::string_view kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto const kept = continue_trace(kGood);
  CHECK(kept.trace_id == "0af7651916cd43dd8448eb211c80319c");
  CHECK(kept.flags == "01");
  CHECK(kept.span_id != "b7ad6b7169203331");
  CHECK(kept.traceparent().size() == 55);
  for (std::string_view bad : {"", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                               "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                               "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                               "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                               "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n"}) {
    CAPTURE(bad);
    CHECK(continue_trace(bad).trace_id != "0af7651916cd43dd8448eb211c80319c");
  }
}

TEST_CASE("recent decisions are bounded and the newest comes first") {
  RecentDecisions recent(2);
  CHECK(recent.document() == R"({"result":[]})");
  auto decision = authz::deny("no_matching_rule");
  decision.rule = "authz.rego:14";
  for (std::string_view const id : {"d-1", "d-2", "d-3"}) {
    recent.add({.decision_id = id,
                .time = WallTime{std::chrono::seconds(1'800'000'000)},
                .trace_id = "t",
                .caller = "spiffe://a.test/b",
                .callee = "spiffe://a.test/c",
                .action = "echo",
                .method = "POST \"x\"",
                .decision = decision});
  }
  auto const document = json::parse(recent.document());
  REQUIRE(document.ok());
  auto const& result = document->at("result");
  REQUIRE(result.size() == 2);
  CHECK(result[0].at("decision_id") == "d-3");
  CHECK(result[1].at("decision_id") == "d-2");
  CHECK(result[0].at("timestamp") == "2027-01-15T08:00:00.000Z");
  CHECK(result[0].at("input") == json::Json{{"caller_spiffe_id", "spiffe://a.test/b"},
                                            {"callee_spiffe_id", "spiffe://a.test/c"},
                                            {"action", "echo"},
                                            {"method", "POST \"x\""}});
  CHECK(result[0].at("result") == false);
  CHECK(result[0].at("rule") == "authz.rego:14");
}

TEST_CASE("names that are no capability cannot make series") {
  metrics::Registry registry;
  Instruments instruments(registry, "billing", {"invoice"});
  instruments.request("invoice", {.status = RequestStatus::success, .seconds = 0.001});
  for (int i = 0; i < 50; ++i)
    instruments.request("x" + std::to_string(i),
                        {.status = RequestStatus::denied, .seconds = 0.001});
  auto const text = registry.text();
  CHECK(
      text.find(
          R"(agentweave_requests_total{agent_name="billing",capability="invoice",status="success"} 1)") !=
      std::string::npos);
  CHECK(
      text.find(
          R"(agentweave_requests_total{agent_name="billing",capability="none",status="denied"} 50)") !=
      std::string::npos);
  CHECK(text.find("x49") == std::string::npos);
}
