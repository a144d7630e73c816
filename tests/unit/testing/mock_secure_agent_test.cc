// SPDX-License-Identifier: Apache-2.0
// What a unit test of an agent's own code sees.
#include "core/testing/mock_secure_agent.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "core/testing/manual_clock.h"
#include "core/testing/mock_authorization_provider.h"

using namespace aw;
using namespace aw::testing;

namespace {

constexpr char kCaller[] = "spiffe://test.local/agent/caller";
constexpr char kMock[] = "spiffe://test.local/agent/mock";

// The code under test: asks another agent, and answers with what it said.
Result<void> install(sdk::Agent& agent) {
  return agent.add_capability(
      {.name = "summarize",
       .description = "asks search",
       .parameters = R"({"type":"object","required":["topic"],
                         "properties":{"topic":{"type":"string"}}})",
       .timeout = std::chrono::seconds(7),
       .handler = [&agent](sdk::Call const& call, sdk::Progress& progress) -> Result<std::string> {
         progress.status("searching");
         AW_TRY(auto const found, agent.call_agent("search", "find", call.payload));
         progress.artifact("notes", "one");
         return R"({"found":)" + found + R"(,"for":")" + call.caller + "\"}";
       }});
}

}  // namespace

TEST_CASE("a capability that nobody added succeeds, as the documentation's example has it") {
  MockSecureAgent agent("spiffe://test.local/agent/test");
  auto const result = agent.call("process_data", R"({"test":"data"})");
  REQUIRE(result.ok());
  CHECK(*result == R"({"status":"success"})");
  CHECK(agent.spiffe_id() == "spiffe://test.local/agent/test");
}

TEST_CASE("a handler is called here and now, and its peers answer what the test says") {
  MockSecureAgent agent;
  REQUIRE(install(agent).ok());
  agent.peer("search").answers("find", R"(["a"])");
  auto const result = agent.call("summarize", R"({"topic":"x"})");
  REQUIRE(result.ok());
  CHECK(*result == R"({"found":["a"],"for":"spiffe://test.local/agent/caller"})");
  CHECK(agent.said().statuses == std::vector<std::string>{"searching"});
  REQUIRE(agent.said().artifacts.size() == 1);
  CHECK(agent.said().artifacts[0].second == "one");
  CHECK(agent.peer("search").received("find") == std::vector<std::string>{R"({"topic":"x"})"});
  CHECK(agent.peer("search").received("other").empty());
}

TEST_CASE("a peer's failure, a peer without an answer and no peer at all are three errors") {
  MockSecureAgent agent;
  REQUIRE(install(agent).ok());
  auto const asked = [&agent] { return agent.call("summarize", R"({"topic":"x"})"); };
  CHECK(asked().error().code == Code::connect);
  agent.peer("search");
  CHECK(asked().error().code == Code::unknown_capability);
  agent.peer("search").fails("find", make_error(Code::denied_by_policy, "no"));
  CHECK(asked().error().code == Code::denied_by_policy);
}

TEST_CASE("payloads are held against the schema, as the network's are") {
  MockSecureAgent agent;
  REQUIRE(install(agent).ok());
  agent.peer("search").answers("find", "1");
  auto const wrong = agent.call("summarize", R"({"topic":7})");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == Code::request_malformed);
  CHECK(wrong.error().message == "payload.topic: Invalid type. Expected: string, given: integer");
  CHECK(agent.peer("search").received("find").empty());
}

TEST_CASE("policy is asked in both directions, by the caller's and the peer's names") {
  MockSecureAgent agent;
  REQUIRE(install(agent).ok());
  agent.peer("search").answers("find", "1");
  auto const policy = std::make_shared<MockAuthorizationProvider>();
  agent.authorize_with(policy);
  auto const asked = [&agent] { return agent.call("summarize", R"({"topic":"x"})"); };
  CHECK(asked().error().code == Code::denied_by_policy);
  policy->allow(kCaller, kMock, "summarize");
  CHECK(asked().error().code == Code::denied_by_policy);  // the call out
  policy->allow("*", "spiffe://test.local/agent/search", "*");
  CHECK(asked().ok());
  policy->deny("*", "*", "find");  // the last one that fits counts
  CHECK_FALSE(asked().ok());
  auto const checks = policy->checks();
  REQUIRE(checks.size() == 7);
  CHECK(checks[2].direction == sdk::Direction::outbound);
  CHECK(checks[2].callee == "spiffe://test.local/agent/search");
  policy->clear_checks();
  CHECK(policy->checks().empty());
}

TEST_CASE("what a handler does wrong is an error of its call") {
  MockSecureAgent agent;
  auto const add = [&agent](std::string name, sdk::Handler handler) {
    REQUIRE(agent
                .add_capability(
                    {.name = std::move(name), .description = "x", .handler = std::move(handler)})
                .ok());
  };
  add("throws", [](sdk::Call const&, sdk::Progress&) -> Result<std::string> {
    throw std::runtime_error("boom");
  });
  add("no_json", [](sdk::Call const&, sdk::Progress&) -> Result<std::string> { return "nope"; });
  add("asks", [](sdk::Call const&, sdk::Progress& progress) -> Result<std::string> {
    progress.input_required("which?");
    return "{}";
  });
  add("refuses", [](sdk::Call const&, sdk::Progress& progress) -> Result<std::string> {
    progress.rejected("never");
    return "{}";
  });
  CHECK(agent.call("throws", "{}").error().code == Code::internal);
  CHECK(agent.call("no_json", "{}").error().code == Code::request_malformed);
  CHECK(agent.call("asks", "{}").error().message == "input required: which?");
  CHECK(agent.call("refuses", "{}").error().message == "rejected: never");
  CHECK_FALSE(agent.call("asks", "no json").ok());
}

TEST_CASE("handlers are given the hand-driven clock's time") {
  ManualClock clock;
  MockSecureAgent agent("spiffe://test.local/agent/mock", &clock);
  SteadyTime seen;
  REQUIRE(agent
              .add_capability({.name = "when",
                               .description = "x",
                               .timeout = std::chrono::seconds(7),
                               .handler =
                                   [&seen](sdk::Call const& call, sdk::Progress&) {
                                     seen = call.deadline;
                                     return Result<std::string>("1");
                                   }})
              .ok());
  clock.advance(std::chrono::hours(3));
  REQUIRE(agent.call("when", "{}").ok());
  CHECK(seen == clock.steady() + std::chrono::seconds(7));
}

TEST_CASE("what cannot be a capability or an identity is refused at once") {
  MockSecureAgent agent;
  sdk::Handler const some = [](sdk::Call const&, sdk::Progress&) {
    return Result<std::string>("1");
  };
  CHECK(agent.add_capability({.name = "Bad-Name", .description = "x", .handler = some})
            .error()
            .code == Code::usage);
  CHECK(agent.add_capability({.name = "empty", .description = "x"}).error().code == Code::usage);
  CHECK(agent
            .add_capability({.name = "odd",
                             .description = "x",
                             .parameters = R"({"propertys":{}})",
                             .handler = some})
            .error()
            .code == Code::config_unsupported);
  REQUIRE(agent.add_capability({.name = "once", .description = "x", .handler = some}).ok());
  CHECK(agent.add_capability({.name = "once", .description = "x", .handler = some}).error().code ==
        Code::usage);
  CHECK_THROWS_AS(MockSecureAgent("agent/test"), std::invalid_argument);
}
