// SPDX-License-Identifier: Apache-2.0
#include "core/authz/past.h"

#include <doctest/doctest.h>

#include <random>

#include "core/authz/authorizer.h"
#include "core/authz/input.h"
#include "core/base/fs.h"
#include "core/rego/near_miss.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr std::string_view kRules = R"(package agentweave.authz

default allow := false

allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller_spiffe_id]
}

allow if {
	input.caller_trust_domain == "partner.example"
	input.action == "status"
	input.context.payload_size < 1000
}
)";

constexpr std::string_view kData = R"({
 "allowed_callers": {"spiffe://corp.example/agent/billing":
   ["spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/auditor"]},
 "actions": {"spiffe://corp.example/agent/planner": ["invoice", "status"],
             "spiffe://corp.example/agent/auditor": ["read"], "x": [1.10, 12345678901234567890]}})";

LoadedPolicy policy_of(std::string_view rules, Clock const& clock) {
  testing::TempDir const directory;
  auto const write = [&directory](std::string_view name, std::string_view text) {
    REQUIRE(fs::write_file_atomic(directory / name, text, fs::Mode::private_file).ok());
  };
  write("authz.rego", rules);
  write("data.json", kData);
  auto loaded = load_policy(
      {.policy_dir = directory.path().string(), .data_files = {(directory / "data.json").string()}},
      "agentweave/authz", clock);
  REQUIRE(loaded.ok());
  return std::move(*loaded);
}

}  // namespace

TEST_CASE("a policy comes back from its document as it was, data's numbers too") {
  Bench const bench;
  auto const policy = policy_of(kRules, bench.clock);
  auto const document = policy_document(policy, "agentweave/authz");
  auto const again = read_policy_document(document, policy.digest);
  REQUIRE(again.ok());
  CHECK(again->digest == policy.digest);
  CHECK(again->sources.size() == policy.sources.size());
  CHECK_FALSE(read_policy_document(document, "sha256:other").ok());
  for (auto const* bad : {"", "{}", "[]", R"({"modules":[],"path":"a"})", R"({"modules":1})"}) {
    CHECK_FALSE(read_policy_document(bad, "").ok());
  }
}

TEST_CASE("a past decision is asked at its own time") {
  Bench const bench;
  auto const policy = policy_of(R"(package agentweave.authz
default allow := false
allow if time.clock(time.now_ns())[0] < 9
)",
                                bench.clock);
  auto const input = opa_input(question("x"));
  auto const at = [&](std::string_view time) {
    return decide_again(policy, input, *parse_rfc3339(time), bench.clock).allowed();
  };
  CHECK(at("2026-11-23T08:59:59Z"));
  CHECK_FALSE(at("2026-11-23T09:00:00Z"));
}

// S2's measure: each denial is explained by a rule and an expression, and the first change that is
// told makes an allow of it.
TEST_CASE("random denials: rule and expression are named, and the first near miss flips") {
  Bench const bench;
  auto const written = policy_of(kRules, bench.clock);
  auto const policy =
      *read_policy_document(policy_document(written, "agentweave/authz"), written.digest);
  std::mt19937 random(7);
  auto const pick = [&random](std::vector<std::string> const& from) {
    return from[random() % from.size()];
  };
  constexpr int kDenials = 1000;
  int denied = 0;
  int named = 0;
  int flipped = 0;
  while (denied < kDenials) {
    auto asked = question(
        pick(
            {"refund", "invoice", "status", "read", "delete", "admin_" + std::to_string(random())}),
        pick({"spiffe://corp.example/agent/planner", "spiffe://corp.example/agent/auditor",
              "spiffe://corp.example/agent/stranger", "spiffe://partner.example/agent/x"}));
    if (random() % 3 == 0) asked.callee = spiffe("spiffe://corp.example/agent/other");
    asked.context_json = "{\"payload_size\":" + std::to_string(random() % 3000) + "}";
    auto const input = opa_input(asked);
    auto const explanation = explain_again(policy, input, asked.time, bench.clock);
    if (explanation.decision.allowed()) continue;
    ++denied;
    REQUIRE(explanation.why);
    auto const& why = *explanation.why;
    bool failed = false;
    if (why.closest >= 0) {
      for (auto const& expression : why.rules[static_cast<std::size_t>(why.closest)].expressions) {
        failed = failed || expression.state == rego::ExprState::failed;
      }
    }
    if (failed && explanation.decision.rule.starts_with("authz.rego:")) ++named;
    if (why.near_misses.empty()) continue;
    auto const then =
        rego::apply(why.near_misses.front(), {.input = input, .data = policy.policy->data()});
    auto const outcome = policy.policy->evaluate(
        policy.query, then.input, {.now = asked.time, .clock = &bench.clock, .data = then.data});
    if (outcome.ok() && outcome.value.get("allow").is_true()) ++flipped;
  }
  CHECK(named == denied);
  CHECK(flipped == denied);
}

TEST_CASE("a shadow policy is asked beside, is told of, and changes nothing") {
  Bench bench;
  testing::TempDir const directory;
  auto const write = [&directory](std::string_view name, std::string_view text) {
    std::filesystem::create_directories((directory / name).parent_path());
    REQUIRE(fs::write_file_atomic(directory / name, text, fs::Mode::private_file).ok());
  };
  write("now/a.rego",
        "package agentweave.authz\nallow if input.action in [\"both\", \"only_now\"]\n");
  write("next/a.rego",
        "package agentweave.authz\nallow if input.action in [\"both\", \"only_next\"]\n"
        "allow := 1 if input.action == \"broken\"\n");
  Config config;
  config.policy_dir = (directory / "now").string();
  config.shadow.policy_dir = (directory / "next").string();
  auto const authorizer = Authorizer::open(
      config, {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry}, nullptr);
  REQUIRE(authorizer.ok());
  struct Row {
    std::string action;
    bool allowed;
    ShadowSays says;
  };
  for (auto const& row : {
           Row{"both", true, ShadowSays::agreed}, Row{"only_now", true, ShadowSays::would_deny},
           Row{"only_next", false, ShadowSays::would_allow},
           Row{"neither", false, ShadowSays::agreed}, Row{"broken", false, ShadowSays::error},
           Row{"only_next", false, ShadowSays::would_allow},  // from the cache
       }) {
    CAPTURE(row.action);
    auto const asked = question(row.action);
    auto const decision = io::run_blocking((*authorizer)->authorize(asked));
    CHECK(decision.allowed() == row.allowed);
    CHECK(decision.shadow_says == row.says);
  }
  CHECK(bench.has_line("agentweave_authz_shadow_decisions_total{result=\"would_allow\"} 2"));
  CHECK(bench.has_line("agentweave_authz_shadow_decisions_total{result=\"would_deny\"} 1"));
  CHECK(bench.has_line("agentweave_authz_shadow_decisions_total{result=\"error\"} 1"));
}

TEST_CASE("a shadow policy that does not compile stops the start") {
  Bench bench;
  testing::TempDir const directory;
  REQUIRE(
      fs::write_file_atomic(directory / "a.rego", "package a\nallow if {", fs::Mode::private_file)
          .ok());
  Config config;
  config.provider = Provider::allow_all;
  config.shadow.policy_dir = directory.path().string();
  CHECK_FALSE(
      Authorizer::open(
          config, {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry}, nullptr)
          .ok());
}
