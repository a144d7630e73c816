// SPDX-License-Identifier: Apache-2.0
// `agentweave authz decisions|explain|replay` over a store that an agent left behind.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/authz/input.h"
#include "core/authz/past.h"
#include "core/base/fs.h"
#include "core/decisions/store.h"
#include "core/metrics/registry.h"
#include "core/server/decision_fields.h"
#include "core/testing/manual_clock.h"
#include "shell.h"

namespace {

using aw::testing::Shell;

constexpr std::string_view kPolicyThen = R"(package agentweave.authz
default allow := false
allow if {
	input.caller_spiffe_id == "spiffe://corp.test/agent/ada"
	input.action in data.actions
}
)";

// Ada's invoices were allowed, everybody's refunds denied, one call replayed; by the policy above.
void leave_decisions() {
  aw::testing::ManualClock const clock(*aw::parse_rfc3339("2026-11-23T15:33:12.000Z"));
  std::filesystem::create_directories("then");
  std::ofstream("then/authz.rego") << kPolicyThen;
  std::ofstream("then/data.json") << R"({"actions":["invoice"]})";
  auto const policy = aw::authz::load_policy(
      {.policy_dir = "then", .data_files = {"then/data.json"}}, "agentweave/authz", clock);
  REQUIRE(policy.ok());
  auto const quiet = aw::log::Log::silent();
  aw::metrics::Registry registry;
  auto store = aw::decisions::Store::open(
      std::filesystem::absolute("state/decisions"), {},
      {.clock = clock, .log = *quiet, .metrics = registry, .input_of = aw::server::input_of});
  REQUIRE(store.ok());
  REQUIRE((*store)
              ->keep_policy({.digest = policy->digest,
                             .document = aw::authz::policy_document(*policy, "agentweave/authz")})
              .ok());
  auto const keep = [&](std::string const& id, std::string const& who, std::string const& action) {
    aw::authz::AuthzContext const asked{
        .caller = *aw::identity::SpiffeId::parse("spiffe://corp.test/agent/" + who),
        .callee = *aw::identity::SpiffeId::parse("spiffe://corp.test/agent/billing"),
        .action = action,
        .remote_address = "10.2.3.4:5123",
        .time = clock.now()};
    auto decision =
        aw::authz::decide_again(*policy, aw::authz::opa_input(asked), clock.now(), clock);
    decision.shadow = R"({"says":"agreed"})";
    aw::decisions::Fields fields;
    aw::server::set_question(fields, asked);
    fields.set(aw::decisions::Text::id, id);
    fields.set(aw::decisions::Text::gate, decision.allowed() ? "dispatch" : "authorization");
    fields.set(aw::decisions::Text::policy_path, "agentweave/authz");
    fields.set(aw::decisions::Number::flags, aw::decisions::kAsked);
    aw::server::set_decision(fields, decision, clock.now());
    aw::decisions::Ticket ticket;
    (*store)->keep(fields, ticket);
    REQUIRE(ticket.outcome.ok());
  };
  keep("d-1", "ada", "invoice");
  keep("d-2", "ada", "refund");
  keep("d-3", "bob", "refund");
  aw::decisions::Fields replayed;
  replayed.set(aw::decisions::Text::id, "d-4");
  replayed.set(aw::decisions::Text::caller, "spiffe://corp.test/agent/bob");
  replayed.set(aw::decisions::Text::gate, "replay");
  auto const refused = aw::authz::deny("replayed", aw::Code::replayed);  // fields are views
  aw::server::set_decision(replayed, refused, clock.now());
  aw::decisions::Ticket ticket;
  (*store)->keep(replayed, ticket);
}

}  // namespace

TEST_CASE("authz explain asks the policy of that time, though it is gone") {
  Shell shell;
  leave_decisions();
  std::filesystem::remove_all("then");
  auto const ran = shell.run("agentweave authz explain d-2 --state state");
  CAPTURE(ran.out);
  CAPTURE(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("same decision, 2026-11-23T15:33:12.000Z, enforced at billing, peer 10.2.3.4, "
                     "shadow policy agreed") != std::string::npos);
  CHECK(ran.out.find("gate     authorization") != std::string::npos);
  CHECK(ran.out.find("\"refund\" is not in") != std::string::npos);
  CHECK(ran.out.find("what would flip it") != std::string::npos);
  CHECK(ran.out.find("data.actions += \"refund\"") != std::string::npos);
  auto const data =
      nlohmann::json::parse(shell.run("agentweave authz explain d-2 --state state -o json").out)
          .at("data");
  CHECK(data.at("gate") == "authorization");
  CHECK(data.at("input").at("action") == "refund");
  CHECK(data.at("then").at("decision").at("allow") == false);
}

TEST_CASE("authz explain names the gate of a request that policy never saw") {
  Shell shell;
  leave_decisions();
  auto const ran = shell.run("agentweave authz explain d-4 --state state");
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("gate     replay: ") != std::string::npos);
  CHECK(ran.out.find("policy was not asked") != std::string::npos);
}

TEST_CASE("authz decisions filters what was kept") {
  Shell shell;
  leave_decisions();
  auto const ids = [&shell](std::string const& flags) {
    auto const ran = shell.run("agentweave authz decisions --state state -o json " + flags);
    CAPTURE(ran.err);
    REQUIRE(ran.exit == 0);
    std::string out;
    auto const list = nlohmann::json::parse(ran.out);
    for (auto const& one : list.at("data")) {
      out += one.at("decision_id").get<std::string>() + " ";
    }
    return out;
  };
  CHECK(ids("") == "d-4 d-3 d-2 d-1 ");
  CHECK(ids("-n 2") == "d-4 d-3 ");
  CHECK(ids("--decision allow") == "d-1 ");
  CHECK(ids("--caller ada") == "d-2 d-1 ");
  CHECK(ids("--action refund --decision deny") == "d-3 d-2 ");
  CHECK(ids("--since 2026-11-24") == "");
  CHECK(shell.run("agentweave authz decisions --state nowhere").exit != 0);
}

TEST_CASE("authz replay lists flips, and fails on what would be let through unless accepted") {
  Shell shell;
  leave_decisions();
  auto const replay = [&shell](std::string const& rules, std::string const& flags = "") {
    std::ofstream("next.rego") << "package agentweave.authz\n" << rules << '\n';
    return shell.run(
        "agentweave authz replay --state state --since 2026-11-23 --against next.rego " + flags);
  };
  auto const same = replay(
      "allow if { input.caller_spiffe_id == \"spiffe://corp.test/agent/ada\"; input.action in "
      "data.actions }");
  CAPTURE(same.err);
  CHECK(same.exit == 0);
  CHECK(same.out == "3 decisions   same 3   ALLOW→DENY 0   DENY→ALLOW 0\n");
  auto const closed = replay("allow if false");
  CHECK(closed.exit == 0);
  CHECK(closed.out.starts_with("3 decisions   same 2   ALLOW→DENY 1   DENY→ALLOW 0\n"));
  auto const opened = replay("allow if input.action in [\"invoice\", \"refund\"]");
  CHECK(opened.exit == 6);
  CHECK(opened.out.starts_with("3 decisions   same 1   ALLOW→DENY 0   DENY→ALLOW 2\n"));
  CHECK(opened.out.find("d-3") != std::string::npos);
  CHECK(replay("allow if true", "--accept d-2 --accept d-3").exit == 0);
  CHECK(replay("allow if true", "--accept refund").exit == 0);
  CHECK(replay("allow if true", "--accept invoice").exit == 6);
  auto const sarif = nlohmann::json::parse(replay("allow if true", "--format sarif").out);
  CHECK(sarif.at("runs")[0].at("results").size() == 2);
  CHECK(sarif.at("runs")[0].at("results")[0].at("level") == "error");
  CHECK(replay("allow if true", "--format junit").out.find("failures=\"2\"") != std::string::npos);
  CHECK(replay("allow if {").exit == 4);
  CHECK(shell.run("agentweave authz replay --state state --since never --against next.rego").exit ==
        2);
}

TEST_CASE("authz suggest writes a policy that allows what was allowed, whose tests pass") {
  Shell shell;
  leave_decisions();
  auto const ran =
      shell.run("agentweave authz suggest --state state --since 2026-11-23 --out next");
  CAPTURE(ran.err);
  CHECK(ran.exit == 0);
  auto const tested = shell.run("agentweave policy test next");
  CAPTURE(tested.out);
  CHECK(tested.exit == 0);
  auto const replayed = shell.run(
      "agentweave authz replay --state state --since 2026-11-23 --against next --data "
      "next/data.json");
  CAPTURE(replayed.err);
  CHECK(replayed.out == "3 decisions   same 3   ALLOW→DENY 0   DENY→ALLOW 0\n");
  CHECK(shell.run("agentweave authz suggest --state state --since 2026-11-23 --out next").exit ==
        1);
  CHECK(shell.run("agentweave authz suggest --state state --since 2026-11-24").exit == 1);
  auto const printed = shell.run("agentweave authz suggest --state state --since 2026-11-23");
  CHECK(printed.out.find("\"spiffe://corp.test/agent/ada\"") != std::string::npos);
  CHECK(printed.out.find("refund") == std::string::npos);
}
