// SPDX-License-Identifier: Apache-2.0
#include "core/authz/embedded.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/authz/authorizer.h"
#include "core/authz/data_files.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kPolicy = R"(package agentweave.authz

import rego.v1

default allow := false

allow if {
	input.caller_spiffe_id in data.allowed_callers[input.callee_spiffe_id]
	input.action in data.actions[input.caller_spiffe_id]
}
)";

constexpr auto kData = R"({
  "allowed_callers": {"spiffe://corp.example/agent/billing": ["spiffe://corp.example/agent/planner"]},
  "actions": {"spiffe://corp.example/agent/planner": ["invoice", "status"]}
})";

void write(std::filesystem::path const& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// A policy directory, a data file, and an authorizer over them.
struct Embedded {
  testing::TempDir directory;
  Bench bench;
  Config config;
  std::unique_ptr<Authorizer> authorizer;

  Embedded() {
    config.policy_dir = (directory / "policy").string();
    config.data_files = {(directory / "data.json").string()};
    policy(kPolicy);
    write(directory / "data.json", kData);
  }
  void policy(std::string_view text) const { write(directory / "policy/authz.rego", text); }
  Result<void> open() {
    auto opened = Authorizer::open(
        config, {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry}, nullptr);
    if (!opened.ok()) return std::move(opened).error();
    authorizer = std::move(*opened);
    return {};
  }
  [[nodiscard]] AuthzDecision ask(std::string const& action) const {
    auto const context = question(action);
    return io::run_blocking(authorizer->authorize(context));
  }
};

}  // namespace

TEST_CASE("the embedded engine allows what policy allows and nothing else") {
  Embedded embedded;
  REQUIRE(embedded.open().ok());
  auto const yes = embedded.ask("invoice");
  CHECK(yes.allowed());
  CHECK(yes.policy_digest.starts_with("sha256:"));
  CHECK(yes.generation == 1);
  auto const no = embedded.ask("refund");
  CHECK_FALSE(no.allowed());
  CHECK(no.reason == "no_matching_rule");
  CHECK(no.code == Code::denied_by_policy);
  CHECK(embedded.bench.has_line("agentweave_authz_allowed_total 1"));
  CHECK(embedded.bench.has_line("agentweave_authz_denied_total{reason=\"no_matching_rule\"} 1"));
  CHECK(embedded.authorizer->status().state == ProviderStatus::State::ready);
}

TEST_CASE("a changed policy takes the old one's place whole, and cached decisions go with it") {
  Embedded embedded;
  REQUIRE(embedded.open().ok());
  CHECK(embedded.ask("invoice").allowed());
  CHECK(embedded.ask("invoice").cached);
  auto const before = embedded.authorizer->status().policy_digest;
  embedded.policy(
      "package agentweave.authz\nimport rego.v1\nallow if input.action == \"refund\"\n");
  REQUIRE(embedded.authorizer->reload().ok());
  CHECK_FALSE(embedded.ask("invoice").allowed());
  CHECK(embedded.ask("refund").allowed());
  CHECK(embedded.authorizer->status().policy_digest != before);
  CHECK(embedded.authorizer->status().generation == 2);
}

TEST_CASE("a broken policy leaves the last good one in force and says so") {
  Embedded embedded;
  REQUIRE(embedded.open().ok());
  for (auto const* bad : {"package agentweave.authz\nallow if {", "package agentweave.authz\n",
                          "package somewhere.else\nallow := true\n"}) {
    embedded.policy(bad);
    CHECK_FALSE(embedded.authorizer->reload().ok());
    CHECK(embedded.ask("invoice").allowed());
    CHECK_FALSE(embedded.ask("refund").allowed());
    CHECK(embedded.authorizer->status().state == ProviderStatus::State::degraded);
    CHECK_FALSE(embedded.authorizer->status().last_error.empty());
  }
  embedded.policy(kPolicy);
  REQUIRE(embedded.authorizer->reload().ok());
  CHECK(embedded.authorizer->status().state == ProviderStatus::State::ready);
  CHECK(embedded.authorizer->status().generation == 1);  // the same policy: the same era
}

TEST_CASE("a policy whose own tests fail does not come into force") {
  Embedded embedded;
  write(embedded.directory / "policy/authz_test.rego",
        "package agentweave.authz_test\nimport rego.v1\nimport data.agentweave.authz\n"
        "test_nobody_refunds if not authz.allow with input as {\"action\": \"refund\"}\n");
  REQUIRE(embedded.open().ok());
  CHECK(embedded.authorizer->status().tests == 1);
  embedded.policy(
      "package agentweave.authz\nimport rego.v1\nallow if input.action == \"refund\"\n");
  auto const reloaded = embedded.authorizer->reload();
  REQUIRE_FALSE(reloaded.ok());
  CHECK(reloaded.error().code == Code::policy_test_failed);
  CHECK(reloaded.error().message.find("test_nobody_refunds") != std::string::npos);
  CHECK_FALSE(embedded.ask("refund").allowed());
}

TEST_CASE("tests are never part of the policy that is enforced") {
  Embedded embedded;
  write(embedded.directory / "policy/loose_test.rego",
        "package agentweave.authz\nimport rego.v1\nallow if input.action == \"test_only\"\n");
  REQUIRE(embedded.open().ok());
  CHECK_FALSE(embedded.ask("test_only").allowed());
}

TEST_CASE("does not start without a policy, or with one it cannot use") {
  {
    Embedded embedded;
    embedded.config.policy_dir = (embedded.directory / "none").string();
    auto const opened = embedded.open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code == Code::policy_unreadable);
  }
  {
    Embedded embedded;
    embedded.config.policy_path = "agentweave/nothing";
    auto const opened = embedded.open();
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().hint.find("data.agentweave.authz") != std::string::npos);
  }
  {
    Embedded embedded;
    write(embedded.directory / "data.json", "[1]");
    CHECK_FALSE(embedded.open().ok());
  }
}

TEST_CASE("policy_path may be a package or a rule") {
  for (auto const* path : {"agentweave/authz", "agentweave/authz/allow", "data.agentweave.authz",
                           "data.agentweave.authz.allow"}) {
    Embedded embedded;
    embedded.config.policy_path = path;
    REQUIRE_MESSAGE(embedded.open().ok(), path);
    CHECK(embedded.ask("invoice").allowed());
    CHECK_FALSE(embedded.ask("refund").allowed());
  }
}

TEST_CASE("a package of one part is a path, as it is for OPA") {
  for (auto const* path : {"authz", "authz/allow", "data.authz", "data.authz.allow"}) {
    Embedded embedded;
    embedded.config.policy_path = path;
    embedded.policy("package authz\nallow if input.action == \"invoice\"\n");
    auto const opened = embedded.open();
    REQUIRE_MESSAGE(opened.ok(), path);
    CHECK(embedded.ask("invoice").allowed());
    CHECK_FALSE(embedded.ask("refund").allowed());
  }
}

TEST_CASE("an evaluation that fails denies, and is never remembered") {
  Embedded embedded;
  embedded.policy(
      "package agentweave.authz\nimport rego.v1\nreason := \"a\" if input.action\nreason := \"b\" "
      "if input.caller_spiffe_id\nallow := true\n");
  REQUIRE(embedded.open().ok());
  auto const decision = embedded.ask("invoice");
  CHECK_FALSE(decision.allowed());
  CHECK(decision.code == Code::policy_eval);
  CHECK_FALSE(embedded.ask("invoice").cached);
}

TEST_CASE("a change on disk is seen without being told") {
  Embedded embedded;
  PolicyStore::Options options{.location = policy_location(embedded.config),
                               .policy_path = "agentweave/authz",
                               .look_every = std::chrono::milliseconds(5)};
  auto const meters = std::make_shared<Meters>(embedded.bench.registry, std::vector<std::string>{});
  auto store = PolicyStore::open(options, embedded.bench.clock, *embedded.bench.quiet, meters);
  REQUIRE(store.ok());
  auto const seen = (*store)->watch().latest();
  embedded.policy("package agentweave.authz\nallow := false\n");
  auto const newer = (*store)->watch().wait_newer(seen.version, std::chrono::seconds(10));
  CHECK(newer.version == seen.version + 1);
}

TEST_CASE("log-only lets through and counts what policy denies") {
  Embedded embedded;
  embedded.config.default_action = DefaultAction::log_only;
  REQUIRE(embedded.open().ok());
  auto const decision = embedded.ask("refund");
  CHECK(decision.allowed());
  CHECK(decision.would_deny);
  CHECK(embedded.bench.has_line("agentweave_authz_would_deny_total 1"));
}

TEST_CASE("an explanation shows the rule, what failed, and what would flip it") {
  Embedded embedded;
  REQUIRE(embedded.open().ok());
  auto const context = question("refund");
  auto const explanation = io::run_blocking(embedded.authorizer->explain(context));
  CHECK_FALSE(explanation.decision.allowed());
  auto const text = explanation_text(explanation);
  CAPTURE(text);
  CHECK(text.starts_with("DENIED "));
  CHECK(text.find("reason no_matching_rule") != std::string::npos);
  CHECK(text.find("authz.rego") != std::string::npos);
  CHECK(text.find("│ allow if {") != std::string::npos);
  CHECK(text.find("✓") != std::string::npos);
  CHECK(text.find("✗") != std::string::npos);
  auto const machine = explanation_json(explanation);
  CHECK(machine["decision"]["allow"] == false);
  CHECK(machine["decision"]["reason"] == "no_matching_rule");
  CHECK(machine["trace"]["input"]["action"] == "refund");
  CHECK_FALSE(machine["trace"]["rules_evaluated"].empty());
}

TEST_CASE("a decider of the embedder's own is asked, counted and fenced") {
  class Custom final : public AuthorizationProvider {
   public:
    io::Task<AuthzDecision> authorize(AuthzContext const& context) override {
      if (context.action == "throw") throw std::runtime_error("surprise");
      if (context.caller == spiffe("spiffe://corp.example/agent/planner")) {
        co_return allow("custom_allowlist");
      }
      co_return deny("not_in_allowlist");
    }
    [[nodiscard]] ProviderStatus status() const override { return {.kind = "custom"}; }
  };
  Bench bench;
  auto const authorizer =
      *Authorizer::around(std::make_unique<Custom>(), Config{},
                          {.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry});
  auto const yes = question("x");
  CHECK(io::run_blocking(authorizer->authorize(yes)).allowed());
  auto const no = question("x", "spiffe://corp.example/agent/other");
  CHECK(io::run_blocking(authorizer->authorize(no)).reason == "not_in_allowlist");
  auto const thrown = question("throw");
  auto const decision = io::run_blocking(authorizer->authorize(thrown));
  CHECK_FALSE(decision.allowed());
  CHECK(decision.code == Code::pdp_unavailable);
}

TEST_CASE("data files of both kinds are joined at the root, and may not contradict each other") {
  auto const json = parse_data_file("a.json", R"({"a":{"x":1}})");
  auto const yaml = parse_data_file("b.yaml", "a:\n  y: \"2\"\nlist: [1, two, true, null]\n");
  REQUIRE(json.ok());
  REQUIRE(yaml.ok());
  auto const joined = join_data(*json, *yaml, "b.yaml");
  REQUIRE(joined.ok());
  CHECK(joined->to_json() == R"({"a":{"x":1,"y":"2"},"list":[1,"two",true,null]})");
  auto const again = join_data(*joined, *json, "a.json");
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message == "a.json: data.a.x is already defined elsewhere");
  CHECK_FALSE(parse_data_file("a.json", "{").ok());
  CHECK_FALSE(parse_data_file("a.yaml", "- 1").ok());
  CHECK_FALSE(parse_data_file("a.txt", "{}").ok());
}
