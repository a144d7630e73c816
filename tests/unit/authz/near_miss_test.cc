// SPDX-License-Identifier: Apache-2.0
// For every denied decision over the policies that ship: the trace names a rule and an expression,
// and its first near miss, applied, is allowed.
#include "core/rego/near_miss.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "core/authz/embedded.h"
#include "core/authz/input.h"
#include "core/authz/interpret.h"
#include "core/base/fs.h"
#include "fixture.h"
#include "tests/support/source_dir.h"

using namespace aw;
using namespace aw::authz;

namespace {

struct Shipped {
  testing::TempDir directory;
  Bench bench;
  PolicyLocation location;

  explicit Shipped(std::vector<std::string> const& data) {
    std::string const policies = testing::source_dir() / "policies";
    for (auto const* name : {"default.rego", "federation.rego", "business_hours.rego"}) {
      std::filesystem::copy_file(policies + "/" + name, directory / name);
    }
    location = {.policy_dir = directory.path().string(),
                .data_files = {},
                .bundle = {},
                .verification = {}};
    for (auto const& file : data) location.data_files.push_back(policies + "/" + file);
  }
  [[nodiscard]] LoadedPolicy load(std::string const& path) const {
    auto loaded = load_policy(location, path, bench.clock);
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    return std::move(*loaded);
  }
};

bool allowed_with(LoadedPolicy const& policy, AuthzContext const& context,
                  rego::NearMiss const& change) {
  auto const then = rego::apply(change, {opa_input(context), policy.policy->data()});
  auto const outcome =
      policy.policy->evaluate(policy.query, then.input, {.now = context.time, .data = then.data});
  return outcome.ok() && interpret_result(outcome.value).allowed();
}

PolicyAnswer asked_why(LoadedPolicy const& policy, AuthzContext const& context) {
  rego::EvalOptions const how{.now = context.time, .trace = rego::TraceLevel::why};
  auto answer = evaluate_policy(policy, context, how);
  find_flips(policy, context, how, answer);
  return answer;
}

void check_denied(LoadedPolicy const& policy, AuthzContext const& context, int& denied) {
  auto const answer = asked_why(policy, context);
  if (answer.decision.allowed()) return;
  ++denied;
  auto const& why = *answer.outcome.why;
  if (answer.decision.reason.find("banned") == std::string::npos) {
    REQUIRE(why.closest >= 0);
    auto const& rule = why.rules[static_cast<std::size_t>(why.closest)];
    CHECK(std::ranges::find(rule.expressions, rego::ExprState::failed, &rego::ExprRecord::state) !=
          rule.expressions.end());
    CHECK_FALSE(answer.decision.rule.empty());
    CHECK_FALSE(why.summary.empty());
  }
  REQUIRE_FALSE(why.near_misses.empty());
  CAPTURE(why.near_misses.front().text);
  CHECK(allowed_with(policy, context, why.near_misses.front()));
}

}  // namespace

TEST_CASE("what is said to flip a decision of the shipped policies flips it") {
  int denied = 0;
  for (auto const& data : std::vector<std::vector<std::string>>{{}, {"data.example.json"}}) {
    Shipped const shipped(data);
    for (std::string const path :
         {"agentweave/authz", "agentweave/authz/allow", "agentweave/authz/federation",
          "agentweave/authz/federation/allow", "agentweave/authz/business_hours/allow"}) {
      auto const policy = shipped.load(path);
      for (std::string const caller :
           {"spiffe://corp.example/agent/planner", "spiffe://eu.example.com/agent/analyzer",
            "spiffe://evil.example/agent/orchestrator"}) {
        for (std::string const callee :
             {"spiffe://corp.example/agent/billing", "spiffe://us.example.com/agent/processor"}) {
          for (std::string const time : {"2026-11-23T12:00:00Z", "2026-11-23T22:30:00Z"}) {
            CAPTURE(path);
            CAPTURE(caller);
            CAPTURE(callee);
            CAPTURE(time);
            auto context = question("invoice", caller);
            context.callee = spiffe(callee);
            context.time = *parse_rfc3339(time);
            check_denied(policy, context, denied);
          }
        }
      }
    }
  }
  CHECK(denied > 60);
}

TEST_CASE("a ban is lifted by taking the caller off the list") {
  testing::TempDir directory;
  Shipped shipped({});
  auto const file = directory / "bans.json";
  REQUIRE(fs::write_file_atomic(file,
                                R"({"banned_agents": ["spiffe://corp.example/agent/planner"]})",
                                fs::Mode::public_file)
              .ok());
  shipped.location.data_files.push_back(file.string());
  for (std::string const path : {"agentweave/authz", "agentweave/authz/allow"}) {
    auto const policy = shipped.load(path);
    auto const context = question("invoice");
    auto const answer = asked_why(policy, context);
    REQUIRE_FALSE(answer.decision.allowed());
    REQUIRE_FALSE(answer.outcome.why->near_misses.empty());
    auto const& first = answer.outcome.why->near_misses.front();
    CHECK(first.text == R"(data.banned_agents -= "spiffe://corp.example/agent/planner")");
    CHECK(allowed_with(policy, context, first));
  }
}
