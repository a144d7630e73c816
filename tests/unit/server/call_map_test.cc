// SPDX-License-Identifier: Apache-2.0
#include "core/server/call_map.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/json.h"
#include "core/server/map_document.h"
#include "core/testing/manual_clock.h"

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPlanner = "spiffe://a.test/agent/planner";
constexpr std::string_view kBilling = "spiffe://a.test/agent/billing";

struct MapHouse {
  testing::ManualClock clock;
  metrics::Registry registry;
  CallMap map{clock, registry};

  std::shared_ptr<CallLine> line(std::string_view caller = kPlanner) {
    return map.line({.caller = caller, .callee = kBilling, .life = std::nullopt});
  }
  CallMap::Picture picture() { return map.picture(clock.steady(), 0, nullptr); }
  [[nodiscard]] std::uint64_t overflow() const {
    auto const text = registry.text(metrics::Format::prometheus);
    auto const at = text.find("\nagentweave_trust_map_overflow_total ");
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(text.find(' ', at) + 1));
  }
};

authz::AuthzDecision denied(Code code) { return authz::deny("x", code); }

authz::AuthzDecision doubted(bool would_deny, authz::ShadowSays says) {
  auto out = authz::allow("rule");
  out.would_deny = would_deny;
  out.shadow_says = says;
  return out;
}

}  // namespace

TEST_CASE("a decision is one of the outcomes, and one that says nothing is a denial") {
  struct Row {
    authz::AuthzDecision decision;
    CallOutcome outcome;
  };
  using authz::ShadowSays;
  for (auto const& row : {
           Row{authz::AuthzDecision{}, CallOutcome::denied},
           Row{authz::allow("rule"), CallOutcome::allowed},
           Row{doubted(true, ShadowSays::nothing), CallOutcome::would_deny},
           Row{doubted(false, ShadowSays::would_deny), CallOutcome::would_deny},
           Row{doubted(false, ShadowSays::agreed), CallOutcome::allowed},
           Row{doubted(false, ShadowSays::error), CallOutcome::allowed},
           Row{denied(Code::denied_by_policy), CallOutcome::denied},
           Row{denied(Code::pdp_unavailable), CallOutcome::denied},
           Row{denied(Code::rate_limited), CallOutcome::denied},
           Row{denied(Code::replayed), CallOutcome::replay},
           Row{denied(Code::replay_outside_window), CallOutcome::replay},
           Row{denied(Code::replay_headers_missing), CallOutcome::replay},
       }) {
    CAPTURE(row.decision.reason);
    CHECK(call_outcome(row.decision) == row.outcome);
  }
}

TEST_CASE("calls stand in slots of ten seconds, and go after fifteen minutes") {
  MapHouse house;
  auto const line = house.line();
  house.clock.advance(kCallSlot - house.clock.steady().time_since_epoch() % kCallSlot);
  for (auto const wait : {0s, 9s, 1s, 300s}) {
    house.clock.advance(wait);
    line->count(CallOutcome::allowed, house.clock.steady(), {});
  }
  auto const now = call_slot(house.clock.steady());
  auto const counts = line->tally(CallOutcome::allowed, house.clock.steady(), 0).counts;
  CHECK(counts ==
        std::vector<std::pair<CallSlot, std::uint32_t>>{{now - 31, 2}, {now - 30, 1}, {now, 1}});
  CHECK(line->tally(CallOutcome::allowed, house.clock.steady(), now).counts.size() == 1);
  CHECK(line->tally(CallOutcome::denied, house.clock.steady(), 0).counts.empty());
  house.clock.advance(590s);
  CHECK(line->tally(CallOutcome::allowed, house.clock.steady(), 0).counts.size() == 2);
  CHECK_FALSE(line->idle(house.clock.steady()));
  house.clock.advance(310s);
  CHECK(line->idle(house.clock.steady()));
  CHECK(line->tally(CallOutcome::allowed, house.clock.steady(), 0).total == 4);
  CHECK(house.picture().edges.empty());
}

TEST_CASE("a slot that comes round again begins at zero, and a late call does not disturb it") {
  MapHouse house;
  auto const line = house.line();
  auto const before = house.clock.steady();
  line->count(CallOutcome::denied, before, {});
  house.clock.advance(kCallSlots * kCallSlot);
  line->count(CallOutcome::denied, house.clock.steady(), {});
  line->count(CallOutcome::denied, before, {});
  auto const tally = line->tally(CallOutcome::denied, house.clock.steady(), 0);
  CHECK(tally.counts ==
        std::vector<std::pair<CallSlot, std::uint32_t>>{{call_slot(house.clock.steady()), 1}});
  CHECK(tally.total == 3);
}

TEST_CASE("the latest eight decisions are remembered, newest first; what is no id is not") {
  MapHouse house;
  auto const line = house.line();
  for (int i = 0; i < 11; ++i) {
    line->count(CallOutcome::denied, house.clock.steady(), "d-" + std::to_string(i));
  }
  line->count(CallOutcome::denied, house.clock.steady(), "");
  line->count(CallOutcome::denied, house.clock.steady(), std::string(33, 'x'));
  auto const ids = line->tally(CallOutcome::denied, house.clock.steady(), 0).decisions;
  CHECK(ids == std::vector<std::string>{"d-10", "d-9", "d-8", "d-7", "d-6", "d-5", "d-4", "d-3"});
  line->count(CallOutcome::allowed, house.clock.steady(), std::string(32, 'y'));
  CHECK(line->tally(CallOutcome::allowed, house.clock.steady(), 0).decisions ==
        std::vector<std::string>{std::string(32, 'y')});
}

TEST_CASE("many threads count on one line and none of their calls is lost") {
  MapHouse house;
  auto const line = house.line();
  constexpr int kEach = 5000;
  auto const now = house.clock.steady();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&line, now, i] {
        std::string const id = "d-" + std::string(20, static_cast<char>('A' + i));
        for (int n = 0; n < kEach; ++n) line->count(CallOutcome::replay, now, id);
      });
    }
    threads.emplace_back([&line, now] {
      for (int n = 0; n < 200; ++n) {
        // Never half of one and half of another.
        for (auto const& id : line->tally(CallOutcome::replay, now, 0).decisions)
          CHECK(id == "d-" + std::string(20, id[2]));
      }
    });
  }
  auto const tally = line->tally(CallOutcome::replay, now, 0);
  CHECK(tally.total == 4 * kEach);
  CHECK(tally.counts.front().second == 4 * kEach);
}

TEST_CASE("a pair has one line, however many connections count on it") {
  MapHouse house;
  auto const one = house.line();
  CHECK(one == house.line());
  CHECK(one != house.line("spiffe://a.test/agent/other"));
  one->count(CallOutcome::allowed, house.clock.steady(), "d-1");
  house.line()->count(CallOutcome::denied, house.clock.steady(), "d-2");
  auto const picture = house.picture();
  REQUIRE(picture.edges.size() == 2);
  CHECK(picture.edges[0].id != picture.edges[1].id);
  CHECK(picture.edges[0].caller == kPlanner);
  CHECK(picture.edges[0].callee == kBilling);
}

TEST_CASE("more pairs than the map holds count as others, and make room when they fall silent") {
  MapHouse house;
  auto const name = [](std::size_t i) { return "spiffe://a.test/agent/" + std::to_string(i); };
  for (std::size_t i = 0; i < CallMap::kMostPairs; ++i)
    house.line(name(i))->count(CallOutcome::allowed, house.clock.steady(), {});
  CHECK(house.overflow() == 0);
  auto const held = house.line(name(0));  // its connection is open
  for (std::size_t i = 0; i < 50; ++i)
    house.line(name(5000 + i))->count(CallOutcome::denied, house.clock.steady(), {});
  CHECK(house.overflow() == 50);
  auto picture = house.picture();
  CHECK(picture.edges.size() == CallMap::kMostPairs + 1);
  CHECK(picture.others == 50);
  auto const other = std::ranges::find(picture.edges, CallMap::kOther, &CallMap::Edge::caller);
  REQUIRE(other != picture.edges.end());
  CHECK(other->callee == kBilling);
  CHECK(other->tally.total == 50);
  // The other way round it is the callee that has no place.
  CHECK(house.map.line({.caller = kBilling,
                        .callee = "spiffe://b.test/x",
                        .we = CallMap::We::calling,
                        .life = std::nullopt}) == house.map.line({.caller = kBilling,
                                                                  .callee = "spiffe://b.test/y",
                                                                  .we = CallMap::We::calling,
                                                                  .life = std::nullopt}));
  house.clock.advance(16min);
  house.line("spiffe://a.test/agent/new")->count(CallOutcome::allowed, house.clock.steady(), {});
  CHECK(house.picture().edges.size() == 1);
  CHECK(held == house.line(name(0)));  // who is connected keeps the line
}

TEST_CASE("strangers have places of their own, and push no verified caller out") {
  MapHouse house;
  house.line()->count(CallOutcome::allowed, house.clock.steady(), {});
  auto const error = make_error(Code::no_client_certificate, "nothing \x1b[31m was sent");
  for (int i = 0; i < 1000; ++i)
    house.map.refused("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), kBilling,
                      error);
  auto const picture = house.picture();
  CHECK(picture.edges.size() == 1 + CallMap::kMostAddresses + 1);
  CHECK(picture.edges.front().caller == kPlanner);
  CHECK(picture.refusals.size() == CallMap::kRefusalsKept);
  CHECK(picture.refusals.front().address == "10.0.3.249");
  CHECK(picture.refusals.front().code == Code::no_client_certificate);
  CHECK(picture.refusals.front().reason.find('\x1b') == std::string::npos);
  std::uint64_t refused = 0;
  for (auto const& edge : picture.edges)
    if (edge.outcome == CallOutcome::refused_tls) refused += edge.tally.total;
  CHECK(refused == 1000);
}

TEST_CASE("a feed tells everything once, and then only what is new") {
  MapHouse house;
  auto const line = house.line();
  line->count(CallOutcome::allowed, house.clock.steady(), "d-1");
  house.map.refused("10.0.0.1", kBilling, make_error(Code::handshake_failed, "x"));
  MapFeed feed(house.map);
  auto const next = [&] {
    auto parsed = json::parse(feed.next({.agent_name = "billing \"<b>",
                                         .version = "1",
                                         .spiffe_id = std::string(kBilling),
                                         .life = {},
                                         .policy_mode = "enforce",
                                         .policy_digest = "sha256:x",
                                         .now = house.clock.now(),
                                         .steady = house.clock.steady()}));
    REQUIRE(parsed.ok());
    return *parsed;
  };
  auto const whole = next();
  CHECK(feed.had_news());
  CHECK(whole.at("whole") == true);
  CHECK(whole.at("agent").at("name") == "billing \"<b>");
  CHECK(whole.at("edges").size() == 2);
  CHECK(whole.at("refusals").size() == 1);
  CHECK(whole.at("agent").at("ready") == false);  // until somebody says so
  auto const quiet = next();
  CHECK_FALSE(feed.had_news());
  CHECK(quiet.at("whole") == false);
  CHECK(quiet.at("edges").empty());
  house.clock.advance(10s);
  line->count(CallOutcome::allowed, house.clock.steady(), "d-2");
  auto const news = next();
  CHECK(feed.had_news());
  REQUIRE(news.at("edges").size() == 1);
  auto const& edge = news.at("edges").front();
  CHECK(edge.at("from") == kPlanner);
  CHECK(edge.at("decisions") == json::Json({"d-2", "d-1"}));
  CHECK(edge.at("counts").back().at(0) == call_slot(house.clock.steady()));
  CHECK(edge.at("counts").back().at(1) == 1);
}
