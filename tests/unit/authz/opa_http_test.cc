// SPDX-License-Identifier: Apache-2.0
// Over real sockets: the fake OPA that misbehaves, and the real one when it is on this machine.
#include "core/authz/opa_http.h"

#include <doctest/doctest.h>

#include <fstream>

#include "real_opa.h"
#include "tests/fakes/fake_opa.h"

using namespace aw;
using namespace aw::authz;
using testing::FakeOpa;

TEST_CASE("a decision over HTTP carries the input, the token and the policy's path") {
  FakeOpa opa;
  Remote remote({opa.url()});
  remote.config.opa_token = "t0k3n";
  remote.open();
  CHECK(remote.ask(question("refund")).allowed());
  auto const asked = opa.asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].method == "POST");
  CHECK(asked[0].target == "/v1/data/agentweave/authz");
  CHECK(asked[0].head.find("Bearer t0k3n") != std::string::npos);
  CHECK(asked[0].body.find("\"action\":\"refund\"") != std::string::npos);
}

TEST_CASE("however an OPA misbehaves: no allow, no plain deny, within the deadline") {
  using Manner = FakeOpa::Behaviour::Manner;
  for (auto const manner : {Manner::hang, Manner::close, Manner::half, Manner::garbage,
                            Manner::endless_head, Manner::endless_body}) {
    CAPTURE(static_cast<int>(manner));
    FakeOpa opa;
    opa.behave({.manner = manner});
    Remote remote({opa.url()});
    remote.open();
    auto const started = std::chrono::steady_clock::now();
    auto const decision = remote.ask(question("refund"));
    CHECK_FALSE(decision.allowed());
    CHECK(decision.code == Code::pdp_unavailable);
    CHECK(decision.retry_after >= std::chrono::seconds(1));
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(5));
  }
}

TEST_CASE("an OPA that hangs leaves time to ask the next one") {
  FakeOpa hangs;
  hangs.behave({.manner = FakeOpa::Behaviour::Manner::hang});
  FakeOpa answers;
  Remote remote({hangs.url(), answers.url()});
  remote.config.failover = Failover::priority;
  remote.open();
  auto const decision = remote.ask(question("refund"));
  CHECK(decision.allowed());
  CHECK(decision.decided_by == answers.url());
}

TEST_CASE("an answer larger than any decision is no answer") {
  FakeOpa opa;
  opa.behave({.body = "{\"result\":true,\"x\":\"" + std::string(4 << 20, 'x') + "\"}"});
  Remote remote({opa.url()});
  remote.open();
  CHECK(remote.ask(question("refund")).code == Code::pdp_unavailable);
}

TEST_CASE("nobody listening is pdp_unavailable") {
  std::string url;
  {
    FakeOpa const gone;
    url = gone.url();
  }
  Remote remote({url});
  remote.open();
  CHECK(remote.ask(question("refund")).code == Code::pdp_unavailable);
}

TEST_CASE("an endpoint that is no URL is refused") {
  Remote remote({"localhost:8181"});
  auto const transport = http_opa_transport(remote.config, remote.client, std::nullopt);
  REQUIRE_FALSE(transport.ok());
  CHECK(transport.error().code == Code::config_unsupported);
}

TEST_CASE("the embedded engine and a real OPA give the same decisions") {
  testing::TempDir directory;
  auto const write = [&directory](std::string const& name, std::string_view text) {
    std::ofstream(directory / name, std::ios::binary) << text;
    return (directory / name).string();
  };
  auto const policy = write("authz.rego", R"(package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller.spiffe_id]
}

deny contains "weekend" if {
	time.weekday(time.parse_rfc3339_ns(input.timestamp)) in ["Saturday", "Sunday"]
}

deny contains "banned" if input.caller_spiffe_id in data.banned_agents

odd := 1 if input.action == "conflict"

odd := 2 if input.action == "conflict"

reason := sprintf("%s may not %s", [input.caller.name, input.action]) if not allow
)");
  auto const data = write("data.json", R"({
    "allowed_callers": {"spiffe://corp.example/agent/billing":
       ["spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/spy"]},
    "actions": {"spiffe://corp.example/agent/planner": ["invoice", "conflict"],
                "spiffe://corp.example/agent/spy": ["invoice"]},
    "banned_agents": ["spiffe://corp.example/agent/spy"]})");
  RealOpa const opa({policy, data});
  if (!opa.running()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Remote remote({opa.url()});
  remote.config.timeout = std::chrono::seconds(5);
  remote.open();
  Bench bench;
  Config config;
  config.policy_dir = directory.path().string();
  config.data_files = {data};
  config.cache.ttl = {};  // or the second time of day would get the first one's answer
  auto embedded = Authorizer::open(
      config, {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry}, nullptr);
  REQUIRE(embedded.ok());
  for (std::string const caller :
       {"spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/spy",
        "spiffe://evil.example/agent/planner"}) {
    for (std::string const action : {"invoice", "refund", "conflict", "", "in\"voice"}) {
      for (std::string const time : {"2026-11-23T15:33:12.041Z", "2026-11-22T15:33:12.041Z"}) {
        auto context = question(action, caller);
        context.time = *parse_rfc3339(time);
        auto const far = remote.ask(context);
        auto const near = io::run_blocking((*embedded)->authorize(context));
        CAPTURE(caller);
        CAPTURE(action);
        CAPTURE(time);
        CHECK(far.allowed() == near.allowed());
        CHECK(far.code == near.code);
        CHECK(far.reason == near.reason);
      }
    }
  }
  auto const context = question("refund");
  auto const explanation = io::run_blocking(remote.authorizer->explain(context));
  CHECK_FALSE(explanation.decision.allowed());
  CHECK(explanation.opa_events.size() > 0);
  CHECK(explanation.opa_metrics.get("timer_rego_query_eval_ns").defined());
}
