// SPDX-License-Identifier: Apache-2.0
#include "core/authz/failover.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "core/authz/remote_opa.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kTrue = "{\"result\":true}";

OpaAnswer answered(int status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

// A RemoteOpa over a script, with `count` endpoints.
struct ScriptedRemote {
  Bench bench;
  std::shared_ptr<ScriptedOpa::State> script = std::make_shared<ScriptedOpa::State>();
  Config config;
  std::unique_ptr<RemoteOpa> opa;

  explicit ScriptedRemote(std::size_t count, Failover strategy = Failover::round_robin) {
    config.opa_endpoints.clear();
    for (std::size_t i = 0; i < count; ++i) {
      config.opa_endpoints.push_back("http://opa-" + std::to_string(i + 1) + ":8181");
    }
    config.failover = strategy;
    auto meters = std::make_shared<Meters>(bench.registry, config.opa_endpoints);
    opa = std::make_unique<RemoteOpa>(config, std::make_unique<ScriptedOpa>(script), bench.clock,
                                      *bench.quiet, meters, bench.registry);
  }
  AuthzDecision ask() {
    auto const context = question("refund");
    return io::run_blocking(opa->authorize(context));
  }
};

}  // namespace

TEST_CASE("round robin starts at another endpoint each time, priority always at the first") {
  for (auto const strategy : {Failover::round_robin, Failover::priority}) {
    ScriptedRemote remote(3, strategy);
    remote.script->answer = [](OpaRequest const&) { return answered(200, kTrue); };
    std::vector<std::size_t> order;
    for (int i = 0; i < 4; ++i) CHECK(remote.ask().allowed());
    for (auto const& request : remote.script->asked) order.push_back(request.endpoint);
    if (strategy == Failover::round_robin) {
      CHECK(order == std::vector<std::size_t>{0, 1, 2, 0});
    } else {
      CHECK(order == std::vector<std::size_t>{0, 0, 0, 0});
    }
  }
}

TEST_CASE("asks POST /v1/data/{policy_path} with the input in a body of its own") {
  ScriptedRemote remote(1);
  remote.script->answer = [](OpaRequest const&) { return answered(200, kTrue); };
  CHECK(remote.ask().allowed());
  REQUIRE(remote.script->asked.size() == 1);
  CHECK(remote.script->asked[0].target == "/v1/data/agentweave/authz");
  CHECK(remote.script->asked[0].body.starts_with("{\"input\":{"));
  CHECK(opa_target("/agentweave/authz/v2/allow/") == "/v1/data/agentweave/authz/v2/allow");
  CHECK(opa_target("data.agentweave.authz.allow") == "/v1/data/agentweave/authz/allow");
}

TEST_CASE("goes on to the next endpoint when one gives no answer") {
  ScriptedRemote remote(3);
  remote.script->answer = [](OpaRequest const& request) -> Result<OpaAnswer> {
    if (request.endpoint == 0) return make_error(Code::connect, "refused");
    if (request.endpoint == 1) return answered(500, "oops");
    return answered(200, kTrue);
  };
  auto const decision = remote.ask();
  CHECK(decision.allowed());
  CHECK(decision.decided_by == "http://opa-3:8181");
  CHECK(remote.bench.has_line("agentweave_opa_requests_total 3"));
  CHECK(remote.bench.has_line("agentweave_opa_errors_total 2"));
}

TEST_CASE("a deny is an answer: nobody else is asked") {
  ScriptedRemote remote(3);
  remote.script->answer = [](OpaRequest const&) { return answered(200, "{\"result\":false}"); };
  auto const decision = remote.ask();
  CHECK_FALSE(decision.allowed());
  CHECK(decision.code == Code::denied_by_policy);
  CHECK(remote.script->asked.size() == 1);
}

TEST_CASE("when nobody answers it is no plain deny, and says when to come back") {
  ScriptedRemote remote(2);
  remote.script->answer = [](OpaRequest const&) -> Result<OpaAnswer> {
    return make_error(Code::timeout, "timed out");
  };
  auto decision = remote.ask();
  CHECK_FALSE(decision.allowed());
  CHECK(decision.code == Code::pdp_unavailable);
  CHECK(decision.retry_after >= std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) decision = remote.ask();
  CHECK(decision.retry_after == std::chrono::seconds(30));
  CHECK(remote.script->asked.size() == 10);  // five failures each, then nobody is asked
  CHECK(remote.bench.has_line("agentweave_authz_circuit_breaker_state{state=\"open\"} 1"));
  CHECK(remote.opa->status().state == ProviderStatus::State::unavailable);
}

TEST_CASE("the breaker closes again after two good probes, one at a time") {
  ScriptedRemote remote(1);
  bool up = false;
  remote.script->answer = [&up](OpaRequest const&) -> Result<OpaAnswer> {
    if (!up) return make_error(Code::connect, "refused");
    return answered(200, kTrue);
  };
  for (int i = 0; i < 5; ++i) CHECK_FALSE(remote.ask().allowed());
  CHECK(remote.bench.has_line(
      "agentweave_authz_circuit_breaker_state{endpoint=\"http://opa-1:8181\",state=\"open\"} 1"));
  up = true;
  CHECK_FALSE(remote.ask().allowed());  // still open
  remote.bench.clock.advance(std::chrono::seconds(30));
  CHECK(remote.bench.has_line("agentweave_authz_circuit_breaker_state{state=\"half_open\"} 1"));
  CHECK(remote.ask().allowed());
  CHECK(remote.ask().allowed());
  CHECK(remote.bench.has_line("agentweave_authz_circuit_breaker_state{state=\"closed\"} 1"));
  CHECK(remote.bench.has_line("agentweave_authz_circuit_breaker_state{state=\"open\"} 0"));
  CHECK(remote.opa->status().state == ProviderStatus::State::ready);
}

TEST_CASE("no caller's input can open the breaker with an evaluation error") {
  ScriptedRemote remote(1);
  remote.script->answer = [](OpaRequest const&) {
    return answered(500, R"({"errors":[{"code":"eval_conflict_error"}]})");
  };
  for (int i = 0; i < 20; ++i) CHECK(remote.ask().code == Code::policy_eval);
  CHECK(remote.bench.has_line("agentweave_authz_circuit_breaker_state{state=\"closed\"} 1"));
}

TEST_CASE("each endpoint gets its share of the time that is left") {
  ScriptedRemote remote(3);
  auto& clock = remote.bench.clock;
  auto const started = clock.steady();
  remote.script->answer = [&clock](OpaRequest const& request) -> Result<OpaAnswer> {
    clock.advance(request.deadline - clock.steady());  // hangs until its time is up
    return make_error(Code::timeout, "timed out");
  };
  CHECK(remote.ask().code == Code::pdp_unavailable);
  CHECK(remote.script->asked.size() == 3);
  CHECK(clock.steady() - started <= std::chrono::seconds(5));
}

TEST_CASE("a transport that throws is a transport that failed") {
  ScriptedRemote remote(1);
  remote.script->answer = [](OpaRequest const&) -> Result<OpaAnswer> {
    throw std::runtime_error("surprise");
  };
  CHECK(remote.ask().code == Code::pdp_unavailable);
}

TEST_CASE("a try nobody reported frees the probe for the next one") {
  Endpoints endpoints({"a"}, Failover::priority, {.failure_threshold = 1});
  SteadyTime now{std::chrono::hours(1)};
  {
    FailoverWalk walk(endpoints, now + std::chrono::seconds(5));
    REQUIRE(walk.next(now).has_value());
    walk.failed(now);
  }
  now += std::chrono::seconds(30);
  {
    FailoverWalk const cancelled_never_polled(endpoints, now + std::chrono::seconds(5));
    FailoverWalk walk(endpoints, now + std::chrono::seconds(5));
    REQUIRE(walk.next(now).has_value());  // the caller goes away here
  }
  FailoverWalk walk(endpoints, now + std::chrono::seconds(5));
  CHECK(walk.next(now).has_value());
}

TEST_CASE("whatever state and whatever fault: never an allow without an endpoint's clear yes") {
  std::mt19937 random(7);
  auto const pick = [&random](std::size_t n) { return random() % n; };
  std::vector<Result<OpaAnswer>> const faults = {
      make_error(Code::connect, "refused"),
      make_error(Code::timeout, "timed out"),
      make_error(Code::protocol, "garbage"),
      make_error(Code::too_large, "huge"),
      make_error(Code::handshake_failed, "alert"),
      answered(500, "{\"result\":true}"),
      answered(503, kTrue),
      answered(204, ""),
      answered(301, kTrue),
      answered(200, ""),
      answered(200, "{\"result\":tru"),
      answered(200, "{\"result\":\"true\"}"),
      answered(200, "{\"result\":[true]}"),
      answered(200, "{\"result\":1}"),
      answered(200, "{\"result\":{\"allow\":\"yes\"}}"),
      answered(200, "{\"result\":{\"allow\":true,\"deny\":true}}"),
      answered(200, "{\"Result\":true}"),
      answered(200, "{}"),
      answered(200, "[]"),
      answered(200, std::string(3 << 20, ' ')),
      answered(500, "{\"errors\":[{\"code\":\"eval_type_error\"}],\"result\":true}"),
      answered(200, "{\"result\":false}"),
  };
  for (int round = 0; round < 200; ++round) {
    ScriptedRemote remote(1 + pick(4), pick(2) == 0 ? Failover::round_robin : Failover::priority);
    bool said_yes = false;
    remote.script->answer = [&](OpaRequest const&) -> Result<OpaAnswer> {
      if (pick(10) == 0) {
        said_yes = true;
        return answered(200, kTrue);
      }
      return faults[pick(faults.size())];
    };
    for (int step = 0; step < 30; ++step) {
      said_yes = false;
      auto const decision = remote.ask();
      if (decision.allowed()) REQUIRE(said_yes);
      if (!decision.allowed()) REQUIRE_FALSE(said_yes);
      if (pick(4) == 0) remote.bench.clock.advance(std::chrono::seconds(pick(40)));
    }
  }
}

TEST_CASE("every series an alert may name is there from the start") {
  ScriptedRemote const remote(2);
  for (auto const* line :
       {"agentweave_authz_allowed_total 0",
        "agentweave_authz_denied_total{reason=\"no_matching_rule\"} 0",
        "agentweave_authz_denied_total{reason=\"pdp_unavailable\"} 0",
        "agentweave_opa_requests_total 0", "agentweave_opa_errors_total 0",
        "agentweave_authz_circuit_breaker_state{state=\"open\"} 0",
        "agentweave_authz_circuit_breaker_state{state=\"half_open\"} 0",
        "agentweave_authz_circuit_breaker_state{state=\"closed\"} 1",
        "agentweave_authz_circuit_breaker_state{endpoint=\"http://opa-2:8181\",state=\"closed\"} 1",
        "agentweave_authz_decisions_total{decision=\"allow\"} 0"}) {
    CHECK_MESSAGE(remote.bench.has_line(line), line);
  }
}
