// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/config/schema.h"
#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("the least file gets every secure default") {
  const Loaded result = with("");
  CHECK(listed(result).empty());
  Config const& config = result.config;
  CHECK(config.environment == Environment::production);
  CHECK(config.tls.min_version == tls::Version::tls1_3);
  CHECK(config.tls.peer_verification == tls::PeerVerification::strict);
  CHECK(config.authorization.default_action == authz::DefaultAction::deny);
  CHECK(config.authorization.provider == authz::Provider::opa);
  CHECK(config.authorization.breaker.failure_threshold == 5);
  CHECK(config.authorization.breaker.success_threshold == 2);
  CHECK(config.authorization.breaker.timeout == seconds(30));
  CHECK(config.audit.enabled);
  CHECK(config.identity.provider == identity::Provider::spiffe);
  CHECK(config.server.host == "0.0.0.0");
  CHECK(config.server.port == 8443);
  CHECK(config.server.admin.host == "127.0.0.1");
  CHECK(config.metrics.port == 9090);
  CHECK(config.metrics.path == "/metrics");
  CHECK(result.insecure.empty());
}

TEST_CASE("the configurations of the FAQ load") {
  const Loaded result = with(
      "identity: {allowed_trust_domains: [corp.example, eu.example.com]}\n"
      "authorization:\n"
      "  opa_endpoints: [\"http://127.0.0.1:8181\", \"http://localhost:8182\"]\n"
      "  failover_strategy: \"round_robin\"\n"
      "  policy_path: \"agentweave/authz/v2/allow\"\n"
      "  circuit_breaker: {failure_threshold: 5, success_threshold: 2, timeout: 30}\n"
      "observability:\n"
      "  metrics: {enabled: true, port: 9090, path: \"/metrics\"}\n"
      "  logging: {loggers: {\"agentweave.authz\": \"DEBUG\"}}\n");
  CHECK(listed(result).empty());
  CHECK(result.config.authorization.opa_endpoints.size() == 2);
  CHECK(result.config.authorization.policy_path == "agentweave/authz/v2/allow");
  CHECK(result.config.logging.loggers.at("agentweave.authz") == log::Level::debug);
}

TEST_CASE("capabilities take every kind of backend") {
  const Loaded result = loaded({.text = R"(
agent:
  name: a
  trust_domain: b.c
  capabilities:
    - {name: echo, description: d, backend: {type: builtin, name: echo}}
    - {name: process, description: d, timeout_seconds: 1.5, backend: {type: http, url: "http://127.0.0.1:9000/process"}}
    - {name: socket, description: d, backend: {type: http, url: "unix:///run/app.sock:/process"}}
    - {name: report, description: d, backend: {type: exec, command: ["./report.sh", -v]}}
    - {name: chat, description: d, backend: {type: a2a, url: "http://127.0.0.1:9999"}}
    - {name: typed, description: d, parameters: {type: object, required: [a], minProperties: 1, title: "1"}, backend: {type: builtin, name: echo}}
)"});
  CHECK(listed(result).empty());
  REQUIRE(result.config.backends.size() == 6);
  CHECK(result.config.backends[0].kind == backend::Kind::builtin);
  CHECK(result.config.agent.capabilities[1].timeout == milliseconds(1500));
  CHECK(result.config.backends[3].command == std::vector<std::string>{"./report.sh", "-v"});
  CHECK(result.config.agent.capabilities[5].parameters ==
        R"({"minProperties":1,"required":["a"],"title":"1","type":"object"})");
}

TEST_CASE("an unknown key is an error with the nearest name") {
  Diagnostic const* one = found(with("server: {prot: 1}\n"), Code::config_unknown_key);
  const Loaded near = with("server: {prot: 1}\n");
  one = found(near, Code::config_unknown_key);
  REQUIRE(one != nullptr);
  CHECK(one->message == "unknown key \"server.prot\"");
  CHECK(one->hint == "did you mean \"port\"?");
  CHECK(one->place.text() == "a.yaml:2:10");
  const Loaded elsewhere = with("server: {tls_min_version: \"1.3\"}\n");
  CHECK(found(elsewhere, Code::config_unknown_key)->hint ==
        "did you mean \"transport.tls_min_version\"?");
  const Loaded item = with("peers: [{ids: x, address: \"h:1\"}]\n");
  CHECK(found(item, Code::config_unknown_key)->hint == "did you mean \"id\"?");
}

TEST_CASE("all errors of a file are told at once, from top to bottom") {
  const Loaded result = loaded({.text = "agent: {name: A, trust_domain: \"*\"}\n"
                                        "server: {port: x, host: \"a b\"}\n"
                                        "nonsense: 1\n"
                                        "observability: {metrics: {path: metrics}}\n"});
  CHECK(listed(result) ==
        "AW1005 a.yaml:1:15 Agent name must start with lowercase letter and contain only lowercase "
        "letters, numbers, and hyphens\n"
        "AW1005 a.yaml:1:32 A trust domain cannot be \"*\": name each domain that is trusted\n"
        "AW1004 a.yaml:2:16 server.port must be a whole number, got 'x'\n"
        "AW1005 a.yaml:2:25 server.host must be an IP address or localhost, got 'a b'\n"
        "AW1003 a.yaml:3:1 unknown key \"nonsense\"\n"
        "AW1005 a.yaml:4:33 observability.metrics.path must start with /, got 'metrics'\n");
}

TEST_CASE("values of the wrong type or range are refused") {
  for (char const* text : {
           "server: {port: [1]}",
           "server: {port: 0}",
           "server: {port: 1.5}",
           "server: {port: -1}",
           "server: {port: 99999999999999999999}",
           "server: 8443",
           "server: [1]",
           "authorization: {audit: {enabled: 1}}",
           "authorization: {timeout: soon}",
           "authorization: {timeout: 0}",
           "authorization: {timeout: 1e99}",
           "authorization: {opa_endpoints: \"http://a:1\"}",
           "authorization: {opa_endpoints: [[a]]}",
           "authorization: {opa_endpoint: \"ftp://a\"}",
           "authorization: {opa_endpoint: \"http://\"}",
           "authorization: {opa_endpoint: \"http://user:pass@opa:8181\"}",
           "authorization: {opa_endpoints: []}",
           "authorization: {policy_path: \"a b\"}",
           "identity: {spiffe_endpoint: /run/x}",
           "identity: {spiffe_endpoint: \"unix://x\"}",
           "identity: {spiffe_id: \"spiffe://corp.example/a//b\"}",
           "identity: {allowed_trust_domains: [UPPER]}",
           "identity: {allowed_trust_domains: [a/b]}",
           "transport: {tls_min_version: 1.1}",
           "transport: {retry: {max_attempts: 11}}",
           "transport: {retry: {retryable_status_codes: [200]}}",
           "transport: {connection_pool: {max_connections: 10001}}",
           "transport: {discovery: {template: \"{nam}:1\"}}",
           "peers: {id: x}",
           "peers: [x]",
           "peers: [{id: \"spiffe://a/b\", address: \"http://h:1\"}]",
           "peers: [{id: \"spiffe://a\", address: \"h:1\"}]",
           "peers: [{id: \"spiffe://a/b\"}]",
           "a2a: {versions: [\"2.0\"]}",
           "a2a: {versions: []}",
           "replay: {mode: off}",
           "outbound: {listen: \"0.0.0.0:8081\"}",
           "outbound: {listen: \"127.0.0.1\"}",
           "observability: {logging: {output: \"file://relative\"}}",
           "observability: {logging: {loggers: {a: LOUD}}}",
           "authorization: {audit: {destination: \"kafka://x\"}}",
           "authorization: {audit: {destination: \"file://x\"}}",
           "authorization: {audit: {destinations: []}}",
           "server: {upstream: \"127.0.0.1:9\"}",
       }) {
    CAPTURE(text);
    CHECK_FALSE(with(std::string(text) + "\n").ok());
  }
}

TEST_CASE("values people write in their own way are accepted") {
  for (char const* text : {
           "server: {port: \"9443\"}",
           "authorization: {audit: {enabled: yes}}",
           "transport: {tls_min_version: 1.3}",
           "authorization: {timeout: 250ms}",
           "authorization: {cache_ttl_seconds: 0}",
           "authorization: {cache_ttl_seconds: 5m}",
           "observability: {logging: {level: debug}}",
           "server:",
           "identity: ~",
           "authorization: {audit: {destination: stdout}}",
           "authorization: {audit: {destination: \"syslog+tls://log.example:6514\"}}",
           "authorization: {opa_endpoint: \"unix:///run/opa.sock\"}",
           "identity: {spiffe_endpoint: \"tcp://127.0.0.1:8081\"}",
           "identity: {spiffe_endpoint: \"unix:/run/spire/agent.sock\"}",
           "server: {host: \"::1\"}",
           "server: {host: localhost, admin: {host: \"::ffff:127.0.0.1\"}}",
           "transport: {discovery: {template: \"{name}.{trust_domain}:8443\"}}",
           "observability: {logging: {output: \"file:///tmp/x.log\"}}",
           "outbound: {listen: \"127.0.0.1:8081\"}",
           "outbound: {listen: \"unix:///run/o.sock\"}",
       }) {
    CAPTURE(text);
    const Loaded result = with(std::string(text) + "\n");
    CAPTURE(listed(result));
    CHECK(result.ok());
  }
}

TEST_CASE("names and their values may be written as a mapping") {
  const Loaded result = with(
      "observability: {tracing: {headers: {x-api-key: k, x-a: 1, x-empty: }}}\n"
      "run: {environment: {LEVEL: info}}\n");
  CAPTURE(listed(result));
  REQUIRE(result.ok());
  CHECK(result.config.tracing.headers ==
        std::vector<std::string>{"x-api-key=k", "x-a=1", "x-empty="});
  CHECK(result.config.child.environment == std::vector<std::string>{"LEVEL=info"});
  CHECK_FALSE(with("observability: {tracing: {headers: {a: [b]}}}\n").ok());
  CHECK_FALSE(with("identity: {allowed_trust_domains: {a.test: b}}\n").ok());
}

TEST_CASE("older names are read with a warning at their line") {
  const Loaded result = loaded({.text = R"(metadata: {name: a}
identity:
  trust_domain: b.c
  spire_socket: /run/x.sock
authorization: {engine: opa, opa: {url: "http://localhost:1"}, default_policy: deny_all}
transport: {retry: {max_retries: 3}, circuit_breaker: {recovery_timeout: 7}}
observability: {audit: {destination: stdout}}
replay_protection: required
state: {directory: /s}
)"});
  CHECK(result.ok());
  CHECK(count(result.diagnostics, Severity::warning) == result.diagnostics.size());
  CHECK(result.diagnostics.size() == 11);
  CHECK(result.diagnostics[0].place.text() == "a.yaml:1:12");
  CHECK(result.diagnostics[0].hint == "write agent.name");
  CHECK(result.config.agent.trust_domain == "b.c");
  CHECK(result.config.identity.spiffe_endpoint == "unix:///run/x.sock");
  CHECK(result.config.authorization.opa_endpoints ==
        std::vector<std::string>{"http://localhost:1"});
  CHECK(result.config.transport.retry.max_attempts == 4);
  CHECK(result.config.transport.breaker.timeout == seconds(7));
  CHECK(result.config.audit.destinations == std::vector<std::string>{"stdout"});
  CHECK(result.config.server.replay.mode == server::ReplayMode::required);
}

TEST_CASE("an older and a newer name of one setting contradict") {
  const Loaded result = loaded({.text = kMinimal + "metadata: {name: other}\n"});
  CHECK(found(result, Code::config_duplicate_key) != nullptr);
}

TEST_CASE("every older name leads to a setting or section, and is not one itself") {
  for (Alias const& alias : all_aliases()) {
    CAPTURE(alias.old);
    CHECK((find_field(alias.now) != nullptr || is_section(alias.now)));
    CHECK(find_field(alias.old) == nullptr);
  }
  for (Retired const& retired : all_retired()) {
    CAPTURE(retired.key);
    CHECK(find_field(retired.key) == nullptr);
  }
}

TEST_CASE("names we know and do not honour are refused, never ignored") {
  const Loaded off = with("transport: {tls_verify: false}\n");
  CHECK(found(off, Code::insecure_in_production) != nullptr);
  CHECK_FALSE(
      loaded({.text = kMinimal + "transport: {verify_peer: false}\n", .environment = "development"})
          .ok());
  CHECK(found(with("server: {protocol: grpc}\n"), Code::config_unsupported) != nullptr);
  CHECK(with("server: {protocol: a2a}\n").ok());
  CHECK(found(with("observability: {tracing: {exporter: jaeger}}\n"), Code::config_out_of_range) !=
        nullptr);
  CHECK(found(with("secrets: {provider: aws}\n"), Code::config_unsupported) != nullptr);
  CHECK(found(with("transport: {peer_verification: none}\n"), Code::insecure_in_production) !=
        nullptr);
  CHECK(found(with("identity: {allowed_trust_domains: [\"*\"]}\n"), Code::insecure_in_production) !=
        nullptr);
  CHECK_FALSE(with("authorization: {default_action: allow}\n").ok());
}

TEST_CASE("control characters reach neither paths nor protocol heads") {
  CHECK_FALSE(with("authorization: {opa_token: \"a\\r\\nEvil: 1\"}\n").ok());
  CHECK_FALSE(with("authorization: {policy_dir: \"a\\0b\"}\n").ok());
  CHECK_FALSE(with("server: {upstream: \"http://127.0.0.1/x\\r\\ny\"}\n").ok());
  CHECK_FALSE(with("identity: {on_svid_update: [\"a\\0b\"]}\n").ok());
  CHECK(with("identity: {on_svid_update: [echo, \"two\\nlines\"]}\n").ok());
}

TEST_CASE("a secret is in no finding") {
  const Loaded result = with("authorization: {opa_token: [hunter2]}\n");
  REQUIRE_FALSE(result.ok());
  CHECK(render_text(result.diagnostics).find("hunter2") == std::string::npos);
}

TEST_CASE("load says the first error, and carries all of them") {
  LoadRequest request;
  request.text =
      "agent: {name: a, trust_domain: b.c}\nauthorization: {default_action: log-only}\nx: 1\n";
  const auto result = load(request);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::insecure_in_production);
  CHECK(result.error().message ==
        "-:2:33: Security violation: 'log-only' mode not allowed in production environment (and 1 "
        "more)");
  CHECK(exit_code(result.error().code) == Exit::invalid);
  REQUIRE(result.error().context.size() == 1);
  CHECK(result.error().context[0].second.find("unknown key") != std::string::npos);
}
