// SPDX-License-Identifier: Apache-2.0
// Story S1 in one process: the project that `init` makes, run as `dev` runs it, and called by the
// commands over real TLS.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "commands/support/dev_directory.h"
#include "core/base/fs.h"
#include "core/runtime/runtime.h"
#include "shell.h"

namespace {

using aw::testing::Ran;
using aw::testing::Shell;

// The agent of the shell's directory, announced as `dev` announces it. Ports are the kernel's
// choice.
class RunningAgent {
 public:
  explicit RunningAgent(Shell& shell) {
    shell.env["XDG_RUNTIME_DIR"] = shell.directory().string();
    auto const socket = shell.directory() / "agentweave" / "agent.sock";
    auto loaded = aw::config::load(
        {.file = "config.dev.yaml",
         .env = aw::config::lookup_in(shell.env),
         .environment = "development",
         .overrides = {"identity.dev.socket=" + socket.string(), "server.workers=1",
                       "authorization.audit.destination=file://" +
                           (shell.directory() / "audit.log").string()}});
    INFO((loaded.ok() ? std::string() : loaded.error().text()));
    REQUIRE(loaded.ok());
    loaded->config.server.port = 0;
    loaded->config.server.admin.port = 0;
    loaded->config.metrics.port = 0;
    auto started = aw::runtime::Runtime::start(*loaded, clock_, {}, {});
    INFO((started.ok() ? std::string() : started.error().text()));
    REQUIRE(started.ok());
    agent_ = *std::move(started);
    announce(shell);
  }

  [[nodiscard]] aw::runtime::Listening listening() const { return agent_->listening(); }

 private:
  void announce(Shell& shell) {
    std::istringstream in;
    std::ostringstream out;
    aw::commands::Context const context(
        {.in = in, .out = out, .err = out, .env = shell.env, .clock = clock_});
    auto entry = aw::commands::DevEntry::publish(
        context, agent_->svid().id,
        {.address = agent_->listening().agent,
         .admin = agent_->listening().admin,
         .config = std::filesystem::absolute("config.dev.yaml").string()});
    REQUIRE(entry.ok());
    entry_.emplace(*std::move(entry));
  }

  aw::SystemClock clock_;
  std::unique_ptr<aw::runtime::Runtime> agent_;
  std::optional<aw::commands::DevEntry> entry_;
};

void start_in_new_project(Shell& shell) {
  REQUIRE(shell.run("agentweave init hello").exit == 0);
  std::filesystem::current_path("hello");
}

std::string decision_in(std::string const& talk) {
  auto const at = talk.find("d-0");
  return at == std::string::npos ? "" : talk.substr(at, talk.find_first_of(" \n", at) - at);
}

}  // namespace

TEST_CASE("the first minute: an allowed call, a denied one, and why") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);

  auto const allowed = shell.run("agentweave call hello greet '{\"name\":\"Ada\"}' --as client");
  INFO(allowed.err);
  CHECK(allowed.exit == 0);
  CHECK(allowed.out == "{\"message\":\"Hello, Ada!\"}\n");
  CHECK(allowed.err.starts_with("allowed  rule authz.rego:14  decision d-"));
  CHECK(allowed.err.contains(" ms (policy "));

  auto const denied = shell.run("agentweave call hello delete_all '{}' --as client");
  INFO(denied.err);
  CHECK(denied.exit == 3);
  CHECK(denied.out.empty());
  CHECK(
      denied.err.starts_with("denied   AW3001 no rule allows action \"delete_all\" for "
                             "spiffe://hello.test/agent/client\n"));
  CHECK(denied.err.contains(
      "         closest rule authz.rego:14 matches all but action (\"greet\", \"status\")\n"));
  CHECK(denied.err.contains("next:    agentweave authz explain d-"));

  auto const why = shell.run("agentweave authz explain " + decision_in(denied.err));
  INFO(why.err);
  CHECK(why.exit == 0);
  CHECK(why.out.starts_with("DENIED  reason no_matching_rule  AW3001"));
  CHECK(why.out.contains("  action   delete_all\n"));
  CHECK(why.out.contains("\nsame decision, "));
  CHECK(why.out.contains(", enforced at hello (127.0.0.1:"));
  CHECK(why.out.contains("), peer 127.0.0.1\n"));
  CHECK(why.out.contains("✗ \"delete_all\" is not in "));
  CHECK(why.out.contains("what would flip it (smallest first):\n  1. "));
}

TEST_CASE("callers list their tasks once the policy of a new project says what its comment says") {
  Shell shell;
  start_in_new_project(shell);
  auto policy = aw::fs::read_file("policy/authz.rego").value();
  CHECK(policy.contains("Add \"list_tasks\""));
  std::string_view const actions = R"({"greet", "status"})";
  policy.replace(policy.find(actions), actions.size(), R"({"greet", "status", "list_tasks"})");
  REQUIRE(aw::fs::write_file_atomic("policy/authz.rego", policy, aw::fs::Mode::public_file).ok());
  RunningAgent const agent(shell);

  CHECK(shell.run("agentweave call hello greet '{\"name\":\"Ada\"}' --as client").exit == 0);
  auto const listed = shell.run("agentweave task list hello --as client");
  INFO(listed.err);
  CHECK(listed.exit == 0);
  CHECK(listed.out.contains("completed"));
}

TEST_CASE("whatever an agent denies, the way to why is said") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);

  auto const denied = shell.run("agentweave task list hello --as client");
  INFO(denied.err);
  CHECK(denied.exit == 3);
  CHECK(denied.err.contains("AW3001"));
  CHECK(denied.err.contains("next:    agentweave authz explain d-"));
}

TEST_CASE("calls in every form the help promises") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);

  shell.input = R"({"name":"Bob"})";
  CHECK(shell.run("agentweave call hello greet - --as client").out.contains("Hello, Bob!"));

  auto const streamed =
      shell.run("agentweave call hello greet '{\"name\":\"Eve\"}' --stream --as client");
  INFO(streamed.err);
  CHECK(streamed.exit == 0);
  CHECK(streamed.out.contains(R"({"state":"working"})"));
  CHECK(streamed.out.ends_with("{\"message\":\"Hello, Eve!\"}\n"));

  auto const failed = shell.run("agentweave call hello greet '{}' --as client");
  CHECK(failed.exit == 1);
  CHECK(failed.err.contains("AW7004 the task failed"));

  auto const json = shell.run("agentweave call hello status -o json --as client");
  auto const whole = aw::json::Json::parse(json.out);
  CHECK(whole["kind"] == "CallResult");
  CHECK(whole["data"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED");
  CHECK(json.err.empty());

  auto const refused = shell.run("agentweave call hello nothing -o json --as client");
  CHECK(refused.exit == 3);
  CHECK(aw::json::Json::parse(refused.out)["error"]["code"] == "AW3001");
  CHECK(shell.run("agentweave call hello nothing --stream --as client").exit == 3);

  auto const nobody = shell.run("agentweave call hello greet --as nobody");
  CHECK(nobody.exit == 5);
  CHECK(nobody.err.contains("it gives: "));
}

TEST_CASE("somebody else at the address is refused, whatever it answers") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  auto const wrong =
      shell.run("agentweave call other greet --as client --address " + agent.listening().agent);
  INFO(wrong.err);
  CHECK(wrong.exit != 0);
  CHECK(wrong.out.empty());
  CHECK(wrong.err.contains("AW5010"));
}

TEST_CASE("ping times the phases and says whether the card belongs to the peer") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  auto const ran = shell.run("agentweave ping hello -c 2 -i 1ms --as client");
  INFO(ran.err);
  CHECK(ran.exit == 0);
  CHECK(ran.out.starts_with("spiffe://hello.test/agent/hello  127.0.0.1:"));
  CHECK(ran.out.contains("TLSv1.3"));
  CHECK(ran.out.contains("card ok (signed, bound to peer)"));
  CHECK(ran.out.contains("  2/2 ok\n"));
  CHECK(shell.run("agentweave ping hello --action greet --as client").exit == 0);
  CHECK(shell.run("agentweave ping hello --action nothing --as client").exit == 3);
}

TEST_CASE("a running agent shows its card, its health and its metrics") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  auto const card = shell.run("agentweave card show hello --as client");
  CHECK(card.exit == 0);
  CHECK(card.out.contains("greet   application/json  application/json  allowed"));

  auto const at = agent.listening();
  auto const address = at.metrics.substr(0, at.metrics.find('/', 8));
  CHECK(shell.run("agentweave health " + address).exit == 0);
  CHECK(shell.run("agentweave health --ready " + address).out.starts_with("ready"));
  auto const metrics =
      shell.run("agentweave metrics circuit_breaker_state --url " + address + "/metrics");
  CHECK(metrics.exit == 0);
  auto const raw =
      shell.run("agentweave metrics --raw authz_allowed --url " + address + "/metrics");
  CHECK(raw.out.starts_with("# HELP agentweave_authz_allowed_total"));
  CHECK(raw.out.contains("\nagentweave_authz_allowed_total"));
  CHECK_FALSE(raw.out.contains("denied"));
  auto const none = shell.run("agentweave metrics no_such_thing --url " + address + "/metrics");
  CHECK(none.exit == 0);
  CHECK(none.err.contains("no series has no_such_thing in its name"));
  auto const bad = shell.run("agentweave metrics --url " + address + "/nothing");
  CHECK(bad.exit == 1);
  CHECK(bad.err.contains("answered status 404"));
  auto const decisions = shell.run("agentweave authz decisions -o json");
  CHECK(aw::json::Json::parse(decisions.out)["kind"] == "DecisionList");
}

TEST_CASE("every binding and version an agent offers gives the same answer") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  for (auto const* way :
       {"--binding jsonrpc --a2a-version 1.0", "--binding rest --a2a-version 1.0",
        "--binding jsonrpc --a2a-version 0.3", "--binding rest --a2a-version 0.3"}) {
    CAPTURE(way);
    auto const ran = shell.run("agentweave call hello greet '{\"name\":\"Ada\"}' --as client " +
                               std::string(way));
    INFO(ran.err);
    CHECK(ran.out == "{\"message\":\"Hello, Ada!\"}\n");
    auto const denied = shell.run("agentweave call hello nothing --as client " + std::string(way));
    CHECK(denied.exit == 3);
    CHECK(denied.err.starts_with("denied   AW3001"));
  }
}

TEST_CASE("one's tasks are listed, shown, and watched to their end") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  auto const called =
      shell.run("agentweave call hello greet '{\"name\":\"A\"}' --as client -o json");
  auto const id = aw::json::Json::parse(called.out)["data"]["task"]["id"].get<std::string>();

  auto const shown = shell.run("agentweave task get hello " + id + " --as client");
  INFO(shown.err);
  CHECK(shown.exit == 0);
  CHECK(shown.out.starts_with(id + "  completed  "));
  CHECK(shown.out.contains("Hello, A!"));
  auto const watched = shell.run("agentweave task watch hello " + id + " --as client");
  CHECK(watched.exit == 0);
  auto const nobody = shell.run("agentweave task get hello nothing --as client");
  CHECK(nobody.exit == 1);
  CHECK(nobody.err.contains("AW7001"));
  auto const late = shell.run("agentweave task cancel hello " + id + " --as client");
  CHECK(late.err.contains("AW7002"));
}

TEST_CASE("a card is bound to the agent that shows it, and a changed one is not") {
  Shell shell;
  start_in_new_project(shell);
  RunningAgent const agent(shell);
  auto const good = shell.run("agentweave card verify hello --as client");
  INFO(good.err);
  CHECK(good.exit == 0);
  CHECK(good.out.starts_with("verified  signed by spiffe://hello.test/agent/hello  ES256"));

  REQUIRE(shell.run("agentweave card generate config.dev.yaml --env development --file card.json")
              .exit == 0);
  auto const bare = shell.run("agentweave card verify --file card.json --as client");
  CHECK(bare.exit == 7);
  CHECK(bare.err.contains("AW5017 the card is not signed"));
  REQUIRE(shell.run("agentweave card sign card.json --as hello --file card.json").exit == 0);
  auto const mine = shell.run("agentweave card verify --file card.json --as client");
  INFO(mine.err);
  CHECK(mine.exit == 0);
  CHECK(shell
            .run("agentweave card verify --file card.json --as client --spiffe-id "
                 "spiffe://hello.test/agent/other")
            .exit == 7);
  CHECK(shell.run("agentweave card verify --as client").exit == 2);
}

TEST_CASE("a URL is only called where somebody vouches for it") {
  Shell shell;
  CHECK(shell.run("agentweave call https://agent.example echo").exit == 2);
  auto const clear = shell.run("agentweave call http://10.0.0.1:80 echo");
  CHECK(clear.exit == 2);
  CHECK(clear.err.contains("in the clear"));
  CHECK(shell.run("agentweave call hello echo --web-pki").exit == 2);
  auto const nobody = shell.run("agentweave call http://127.0.0.1:1 echo");
  CHECK(nobody.exit == 5);
}
