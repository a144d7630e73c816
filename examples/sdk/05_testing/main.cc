// SPDX-License-Identifier: Apache-2.0
// A unit test of an agent's own code: no network, no certificates, no policy engine, and a clock
// that only moves when it is told to.
#include <agentweave/agentweave.h>
#include <agentweave/testing.h>

#include <iostream>

namespace {

using namespace agentweave;

// The code under test takes an Agent&, so that it runs in a SecureAgent as it runs here.
Result<void> install(Agent& agent, Clock const& clock) {
  return agent.add_capability(
      {.name = "report",
       .description = "counts what search finds",
       .parameters = R"({"type":"object","required":["topic"]})",
       .handler = [&agent, &clock](Call const& call, Progress&) -> Result<std::string> {
         AW_TRY(auto const found, agent.call_agent("search", "find", call.payload));
         return R"({"found":)" + found + R"(,"at":")" + aw::format_rfc3339(clock.now()) + "\"}";
       }});
}

int failures = 0;
void expect(bool holds, char const* what) {
  std::cout << (holds ? "ok    " : "WRONG ") << what << '\n';
  if (!holds) ++failures;
}

}  // namespace

int main() {
  testing::ManualClock clock;
  testing::MockSecureAgent agent("spiffe://test.local/agent/test", &clock);
  expect(agent.call("process_data", R"({"test":"data"})").value() == R"({"status":"success"})",
         "a capability nobody wrote succeeds");
  expect(install(agent, clock).ok(), "the agent's code installs its capability");
  agent.peer("search").answers("find", R"(["a","b"])");
  clock.advance(std::chrono::hours(1));
  expect(agent.call("report", R"({"topic":"x"})").value() ==
             R"({"found":["a","b"],"at":"2027-01-15T09:00:00.000Z"})",
         "it asks search, and says when");
  expect(agent.peer("search").received("find").size() == 1, "search was asked once");
  expect(agent.call("report", "{}").error().message == "payload: topic is required",
         "a payload without a topic does not reach it");
  agent.peer("search").fails("find", make_error(Code::backend_unreachable, "search is down"));
  expect(agent.call("report", R"({"topic":"x"})").error().code == Code::backend_unreachable,
         "and it says so when search is down");
  auto const policy = std::make_shared<testing::MockAuthorizationProvider>();
  agent.authorize_with(policy);
  expect(agent.call("report", R"({"topic":"x"})").error().code == Code::denied_by_policy,
         "policy denies what no rule allows");
  return failures == 0 ? 0 : 1;
}
