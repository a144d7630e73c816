// SPDX-License-Identifier: Apache-2.0
// What `agentweave run` tells its child and its user. The processes themselves: tests/unit/backend,
// tests/unit/runtime, tests/e2e/test_run.py.
#include <doctest/doctest.h>

#include <algorithm>

#include "commands/support/child_words.h"
#include "shell.h"

using namespace aw;
using namespace aw::commands;

namespace {

config::Config sidecar(std::string const& more = {}) {
  config::LoadRequest request;
  request.file = "a.yaml";
  request.text =
      "agent:\n  name: legacy\n  trust_domain: corp.example\n  capabilities:\n"
      "    - {name: process, description: x}\n"
      "    - {name: chat, description: x, backend: {type: http, url: "
      "\"http://127.0.0.1:9000/v1/chat\"}}\n"
      "    - {name: report, description: x, backend: {type: exec, command: [\"./r\"]}}\n" +
      more;
  request.defaults = {"server.upstream=unix:///run/p/app.sock"};
  auto loaded = config::inspect(request);
  INFO(config::render_text(loaded.diagnostics));
  REQUIRE(loaded.ok());
  return loaded.config;
}

runtime::Listening const kAt{.agent = "https://0.0.0.0:8443",
                             .metrics = "http://127.0.0.1:9090",
                             .admin = "http://127.0.0.1:9091/?t=token",
                             .outbound = "127.0.0.1:8081",
                             .spiffe_id = "spiffe://corp.example/agent/legacy"};

std::string value_of(std::vector<std::string> const& environment, std::string const& name) {
  for (auto const& entry : environment)
    if (entry.starts_with(name + '=')) return entry.substr(name.size() + 1);
  return "(none)";
}

}  // namespace

TEST_CASE("a child is told where to listen, how to call, and who it is") {
  auto const env = child_environment({{"PATH", "/bin"}, {"HOME", "/root"}}, sidecar(), kAt);
  struct Row {
    char const* name;
    char const* value;
  };
  for (Row const& row :
       {Row{"AGENTWEAVE_APP", "unix:///run/p/app.sock"},
        Row{"AGENTWEAVE_OUTBOUND", "http://127.0.0.1:8081"},
        Row{"HTTP_PROXY", "http://127.0.0.1:8081"}, Row{"http_proxy", "http://127.0.0.1:8081"},
        Row{"NO_PROXY", "localhost,127.0.0.1,::1"}, Row{"HTTPS_PROXY", "(none)"},
        Row{"AGENTWEAVE_SPIFFE_ID", "spiffe://corp.example/agent/legacy"},
        Row{"AGENTWEAVE_TRUST_DOMAIN", "corp.example"}, Row{"AGENTWEAVE_AGENT", "legacy"},
        Row{"AGENTWEAVE_ENVIRONMENT", "production"},
        Row{"AGENTWEAVE_METRICS", "http://127.0.0.1:9090"},
        Row{"AGENTWEAVE_ADMIN", "http://127.0.0.1:9091"},  // without the token
        Row{"PATH", "/bin"}, Row{"HOME", "/root"}}) {
    CAPTURE(std::string(row.name));
    CHECK(value_of(env, row.name) == row.value);
  }
}

TEST_CASE("what is meant for us is not passed on; what the configuration gives wins") {
  auto const env =
      child_environment({{"AGENTWEAVE_AUTHORIZATION_OPA_TOKEN", "s3cret"},
                         {"NOTIFY_SOCKET", "/run/n"},
                         {"LISTEN_FDS", "1"},
                         {"NO_PROXY", "db"},
                         {"LEVEL", "from outside"}},
                        sidecar("run: {environment: [\"LEVEL=info\", \"A=b=c\"]}\n"), kAt);
  CHECK(value_of(env, "AGENTWEAVE_AUTHORIZATION_OPA_TOKEN") == "(none)");
  CHECK(value_of(env, "NOTIFY_SOCKET") == "(none)");
  CHECK(value_of(env, "LISTEN_FDS") == "(none)");
  CHECK(value_of(env, "NO_PROXY") == "db");
  CHECK(value_of(env, "LEVEL") == "info");
  CHECK(value_of(env, "A") == "b=c");
  CHECK(std::ranges::count_if(env, [](auto const& e) { return e.starts_with("LEVEL="); }) == 1);
}

TEST_CASE("a variable that a secret is read from is ours, unless the configuration hands it over") {
  std::string const secrets = "secrets: {values: [{name: k, from: env, variable: MODEL_KEY}]}\n";
  Env const ours{{"MODEL_KEY", "hunter2"}, {"OTHER", "x"}};
  CHECK(value_of(child_environment(ours, sidecar(secrets), kAt), "MODEL_KEY") == "(none)");
  auto config = sidecar(secrets + "run: {environment: [\"MODEL_KEY=${secret:k}\"]}\n");
  config.child.environment = {"MODEL_KEY=hunter2"};  // as the agent fills it in
  CHECK(value_of(child_environment(ours, config, kAt), "MODEL_KEY") == "hunter2");
  CHECK(value_of(child_environment(ours, config, kAt), "OTHER") == "x");
}

TEST_CASE("an outbound listener that is a unix socket is no proxy, and none is none") {
  auto at = kAt;
  at.outbound = "unix:///run/o.sock";
  auto const local = child_environment({}, sidecar(), at);
  CHECK(value_of(local, "AGENTWEAVE_OUTBOUND") == "unix:///run/o.sock");
  CHECK(value_of(local, "HTTP_PROXY") == "(none)");
  at.outbound.clear();
  CHECK(value_of(child_environment({}, sidecar(), at), "AGENTWEAVE_OUTBOUND") == "(none)");
}

TEST_CASE("S6: in, out and routes are said as they are") {
  auto const lines = sidecar_lines(sidecar(), kAt, 2);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        "in   https :8443 mTLS → http 127.0.0.1:9000, unix app.sock     adds x-agentweave-caller, "
        "x-forwarded-client-cert (inbound copies removed: 2 stripped so far)");
  CHECK(
      lines[1] ==
      "out  http 127.0.0.1:8081 → mTLS to spiffe://corp.example/agent/*   (HTTP_PROXY set for the "
      "child)");
  CHECK(lines[2] ==
        "routes  POST /process → action \"process\", POST /v1/chat → action \"chat\";  everything "
        "else → denied (AW3004 unmapped_route)");
}

TEST_CASE("peers of other domains are named in the line about calls out") {
  auto const config = sidecar(
      "peers:\n  - {id: \"spiffe://eu.example/agent/x\", address: \"https://x:8443\"}\n"
      "  - {id: \"spiffe://corp.example/agent/y\", address: \"https://y:8443\"}\n");
  CHECK(sidecar_lines(config, kAt, 0)[1].find(
            "spiffe://corp.example/agent/*, spiffe://eu.example/agent/x   ") != std::string::npos);
}

TEST_CASE("how it stopped is said in one line") {
  using How = backend::ChildEnd::How;
  runtime::Drained const good{.finished = true,
                              .in_flight = 3,
                              .waited = std::chrono::seconds(5),
                              .took = std::chrono::milliseconds(1100)};
  CHECK(drain_line(good, backend::ChildEnd{.status = 0, .how = How::asked}) ==
        "not ready → waited 5s → drained 3 in-flight (1.1s) → child exit 0");
  CHECK(drain_line(good, backend::ChildEnd{.status = 143, .how = How::asked})
            .ends_with("child ended by signal 15"));
  CHECK(
      drain_line(good, backend::ChildEnd{.status = 137, .how = How::killed}).find("child killed") !=
      std::string::npos);
  CHECK(drain_line({.finished = false}, std::nullopt).find("cut off: 0 in-flight") !=
        std::string::npos);
}

TEST_CASE("run wants a command, and a configuration") {
  aw::testing::Shell shell;
  auto const none = shell.run("agentweave run --config a.yaml");
  CHECK(none.exit == 2);
  CHECK(none.err.find("no command to run") != std::string::npos);
  CHECK(shell.run("agentweave run --config a.yaml -- true").exit == 4);
  CHECK(shell.run("agentweave run --restart sometimes -- true").exit == 2);
}
