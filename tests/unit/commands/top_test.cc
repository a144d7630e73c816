// SPDX-License-Identifier: Apache-2.0
// What `top` makes of an agent's metrics and decisions.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "commands/support/top_view.h"
#include "tests/fixtures/pki.h"

namespace {

using namespace aw::commands;
using aw::WallTime;

constexpr char kMetrics[] =
    "agentweave_ready 1\n"
    "agentweave_requests_total{status=\"success\"} 100\n"
    "agentweave_requests_total{status=\"denied\"} 20\n"
    "agentweave_requests_in_flight 3\n"
    "agentweave_svid_not_after_timestamp_seconds 1800003600\n"
    "agentweave_request_duration_seconds_bucket{capability=\"a\",le=\"0.005\"} 98\n"
    "agentweave_request_duration_seconds_bucket{capability=\"a\",le=\"0.01\"} 99\n"
    "agentweave_request_duration_seconds_bucket{capability=\"a\",le=\"+Inf\"} 100\n"
    "agentweave_authz_circuit_breaker_state{state=\"open\"} 1\n"
    "agentweave_authz_circuit_breaker_state{endpoint=\"opa-1\",state=\"open\"} 1\n"
    "agentweave_authz_circuit_breaker_state{endpoint=\"opa-1\",state=\"closed\"} 0\n"
    "agentweave_authz_circuit_breaker_state{endpoint=\"opa-2\",state=\"closed\"} 1\n";

// 2027-01-15T08:00:00Z, which the metrics' SVID outlives by an hour.
WallTime at(int second) { return WallTime(std::chrono::seconds(1'800'000'000 + second)); }

DecisionRecord decision(std::string const& caller, int second, std::string code = "") {
  DecisionRecord out;
  out.time = aw::format_rfc3339(at(second));
  out.caller = "spiffe://corp.example/agent/" + caller;
  out.target = "spiffe://corp.example/agent/billing";
  out.verdict = code.empty() ? aw::authz::Verdict::allow : aw::authz::Verdict::deny;
  out.code = std::move(code);
  out.duration = std::chrono::microseconds(100 + second);
  out.enforced_at = "127.0.0.1:9091";
  return out;
}

TopLook look(std::vector<DecisionRecord> decisions, WallTime time,
             std::string const& metrics = kMetrics) {
  return {.decisions = std::move(decisions),
          .metrics = aw::fixtures::must(parse_exposition(metrics)),
          .time = time};
}

constexpr std::chrono::seconds kMinute{60};

}  // namespace

TEST_CASE("callers are counted by callee, the busiest first, closed apart from denied") {
  std::vector<DecisionRecord> decisions;
  for (int second = 29; second >= 0; --second) decisions.push_back(decision("planner", second));
  decisions.push_back(decision("search", 5, "AW3001"));
  decisions.push_back(decision("search", 4, "AW3010"));
  decisions.push_back(decision("search", 3, "AW3003"));
  decisions.push_back(decision("search", 2));
  auto const view = top_view(look(decisions, at(30)), nullptr, kMinute);
  REQUIRE(view.pairs.size() == 2);
  CHECK(view.pairs[0].caller == "planner");
  CHECK(view.pairs[0].callee == "billing");
  CHECK(view.pairs[0].rate == doctest::Approx(1.0));
  CHECK(view.pairs[0].allowed == 30);
  CHECK(view.pairs[0].p99 == std::chrono::microseconds(129));
  CHECK(view.pairs[1].allowed == 1);
  CHECK(view.pairs[1].denied == 1);
  CHECK(view.pairs[1].closed == 2);
}

TEST_CASE("what is older than the window does not count, nor does what has no time") {
  auto nameless = decision("planner", 50);
  nameless.time = "yesterday";
  auto const view =
      top_view(look({decision("planner", 59), decision("planner", -30), nameless}, at(60)), nullptr,
               kMinute);
  REQUIRE(view.pairs.size() == 1);
  CHECK(view.pairs[0].allowed == 1);
}

TEST_CASE("an agent is what its metrics say, between two looks or for its life") {
  auto const before = look({}, at(0));
  std::string later = kMetrics;
  later.replace(later.find("success\"} 100"), 13, "success\"} 180");
  auto const live = top_view(look({}, at(10), later), &before, kMinute);
  CHECK(live.rate == doctest::Approx(8.0));
  CHECK_FALSE(live.p99.has_value());  // nothing was observed meanwhile
  auto const once = top_view(before, nullptr, kMinute);
  CHECK(once.ready);
  CHECK(once.in_flight == 3);
  CHECK(once.p99 == std::chrono::milliseconds(10));
  CHECK(once.svid_left == std::chrono::hours(1));
  REQUIRE(once.breakers.size() == 2);  // without their sum
  CHECK(once.breakers[0].endpoint == "opa-1");
  CHECK(once.breakers[0].state == "open");
  CHECK(once.breakers[1].state == "closed");
}

TEST_CASE("an agent that started again in between has no negative rate") {
  auto const before = look({}, at(0));
  auto const after = look({}, at(10), "agentweave_requests_total 1\n");
  CHECK(top_view(after, &before, kMinute).rate == 0);
}

TEST_CASE("an agent that says nothing is not ready, and nothing is made up") {
  auto const view = top_view(look({}, at(0), ""), nullptr, kMinute);
  CHECK_FALSE(view.ready);
  CHECK_FALSE(view.p99.has_value());
  CHECK_FALSE(view.svid_left.has_value());
  CHECK(view.pairs.empty());
  CHECK(view.breakers.empty());
}

TEST_CASE("beyond its last bound a histogram says that bound") {
  auto const metrics =
      aw::fixtures::must(parse_exposition("x_bucket{le=\"0.5\"} 1\nx_bucket{le=\"+Inf\"} 10\n"));
  CHECK(quantile(metrics, nullptr, "x", 0.99) == 0.5);
  CHECK(quantile(metrics, nullptr, "y", 0.99) == std::nullopt);
}

TEST_CASE("top is a table for people and the same for machines") {
  std::istringstream in;
  std::ostringstream out;
  Env const env;
  aw::SystemClock const clock;
  Context const context({.in = in, .out = out, .err = out, .env = env, .clock = clock});
  auto const view =
      top_view(look({decision("planner", 1), decision("planner", 0)}, at(2)), nullptr, kMinute);
  write_top(out, view, context);
  CHECK(out.str() ==
        "127.0.0.1:9091  ready  1.0 req/s  p99 ≤ 10ms  in flight 3  SVID 59m58s left\n"
        "OPA  opa-1 ○ breaker open  opa-2 ● breaker closed\n\n"
        "CALLER   → CALLEE   RPS  POLICY P99  ALLOW  DENY  CLOSED\n"
        "planner  → billing  1.0  101us       100%   0     0\n");
  auto const data = top_json(view);
  CHECK(data.at("pairs")[0].at("rps") == doctest::Approx(1.0));
  CHECK(data.at("breakers")[0] == aw::json::Json{{"endpoint", "opa-1"}, {"state", "open"}});
  CHECK(data.at("ready") == true);
}
