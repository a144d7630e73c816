// SPDX-License-Identifier: Apache-2.0
// `agentweave config convert`: the dialects of the Python implementation.
#include <doctest/doctest.h>

#include <fstream>

#include "shell.h"

using aw::testing::Shell;

namespace {

struct Dialect {
  std::string_view name;
  std::string_view old;
  std::string_view now;
};

constexpr Dialect kDialects[] = {
    {"canonical",
     R"(agent:
  name: search
  trust_domain: corp.example
  capabilities:
    - name: find
      description: finds
identity:
  provider: spiffe
  spiffe_endpoint: unix:///run/spire/sockets/agent.sock
authorization:
  provider: opa
  opa_endpoint: http://localhost:8181
  policy_path: agentweave/authz
transport:
  retry: {max_attempts: 3}
server:
  host: 0.0.0.0
  port: 8443
)",
     R"(agent:
  name: search
  trust_domain: corp.example
  capabilities:
    - name: find
      description: finds
identity:
  provider: spiffe
  spiffe_endpoint: "unix:///run/spire/sockets/agent.sock"
authorization:
  provider: opa
  opa_endpoints: ["http://localhost:8181"]
  policy_path: agentweave/authz
transport:
  retry:
    max_attempts: 3
server:
  host: "0.0.0.0"
  port: 8443
  upstream: "http://127.0.0.1:9000"
)"},
    {"the tutorials'",
     R"(metadata: {name: math, version: "2.1"}
agent: {capabilities: [{name: add, description: adds}]}
identity:
  trust_domain: corp.example
  spire_socket: /tmp/spire-agent/public/api.sock
authorization:
  engine: opa
  opa_url: http://opa:8181
transport:
  tls: {min_version: "1.3"}
)",
     R"(agent:
  name: math
  trust_domain: corp.example
  version: "2.1"
  capabilities:
    - name: add
      description: adds
identity:
  spiffe_endpoint: "unix:///tmp/spire-agent/public/api.sock"
authorization:
  provider: opa
  opa_endpoints: ["http://opa:8181"]
transport:
  tls_min_version: "1.3"
server:
  upstream: "http://127.0.0.1:9000"
)"},
    {"best practices'",
     R"(agent: {name: pay, trust_domain: corp.example, environment: prod}
identity: {socket_path: /run/spire/sockets/agent.sock}
authorization: {policy_cache_ttl: 300}
transport:
  circuit_breaker: {recovery_timeout: 20}
  retry: {max_retries: 2}
)",
     R"(agent:
  name: pay
  trust_domain: corp.example
  environment: production
identity:
  spiffe_endpoint: "unix:///run/spire/sockets/agent.sock"
authorization:
  cache_ttl_seconds: 300
transport:
  circuit_breaker:
    recovery_timeout_seconds: 20
  retry:
    max_attempts: 3
)"},
};

}  // namespace

TEST_CASE("each dialect of the Python implementation comes out under today's names") {
  for (auto const& dialect : kDialects) {
    CAPTURE(dialect.name);
    Shell shell;
    shell.env["AGENTWEAVE_SERVER_PORT"] = "9999";  // this machine's business, not the file's
    std::ofstream("old.yaml") << dialect.old;
    auto const ran = shell.run("agentweave config convert old.yaml");
    CHECK(ran.exit == 0);
    auto body = ran.out;
    while (body.starts_with('#')) body = body.substr(body.find('\n') + 1);
    CHECK(body == dialect.now);
    std::ofstream("new.yaml") << ran.out;
    auto const checked = shell.run("agentweave config validate new.yaml --env production");
    CAPTURE(checked.out);
    CHECK(checked.exit == 0);
    CHECK(checked.out.find("AW1201") == std::string::npos);  // no older name is left
  }
}

TEST_CASE("what cannot be taken over is named, the rest is printed, and the exit says so") {
  Shell shell;
  std::ofstream("old.yaml") << "agent: {name: a, trust_domain: corp.example}\n"
                               "transport: {tls_verify: false}\n"
                               "authorization: {default_action: log-only}\n";
  auto const ran = shell.run("agentweave config convert old.yaml");
  CHECK(ran.exit == 4);
  CHECK(ran.err.find("old.yaml:2:") != std::string::npos);
  CHECK(ran.err.find("log-only") != std::string::npos);
  CHECK(ran.out.find("trust_domain: corp.example") != std::string::npos);
  CHECK(ran.out.find("tls_verify") == std::string::npos);
}

TEST_CASE("what comes from standard input is converted like a file") {
  Shell shell;
  shell.input = "metadata: {name: math}\nagent: {trust_domain: corp.example}\n";
  auto const ran = shell.run("agentweave config convert -");
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("name: math") != std::string::npos);
}

TEST_CASE("what cannot be read is said once, with its name") {
  Shell shell;
  for (auto const* const command : {"config convert", "config show", "serve"}) {
    CAPTURE(std::string(command));
    auto const ran = shell.run("agentweave " + std::string(command) + " nowhere.yaml");
    CHECK(ran.exit == 4);
    CHECK(ran.err.ends_with("error    AW1008 nowhere.yaml is not usable: 1 error\n"));
  }
  shell.env["AGENTWEAVE_CONFIG_PATH"] = "elsewhere.yaml";
  CHECK(shell.run("agentweave config show").err.contains("AGENTWEAVE_CONFIG_PATH names it"));
  auto const json = shell.run("agentweave config show nowhere.yaml -o json");
  CHECK(json.out.contains("\"message\": \"Configuration file not found: nowhere.yaml\""));
}

TEST_CASE("a file without a single setting is an error, not an empty configuration") {
  Shell shell;
  std::ofstream("old.yaml") << "colour: red\n";
  auto const ran = shell.run("agentweave config convert old.yaml");
  CHECK(ran.exit == 4);
  CHECK(ran.out.empty());
  CHECK(shell.run("agentweave config convert missing.yaml").exit != 0);
}
