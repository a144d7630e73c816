// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

TEST_CASE("production refuses log-only with exactly the documented sentence, at its place") {
  const Loaded result = with("authorization:\n  default_action: \"log-only\"\n");
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(result.diagnostics[0].message ==
        "Security violation: 'log-only' mode not allowed in production environment");
  CHECK(result.diagnostics[0].code == Code::insecure_in_production);
  CHECK(result.diagnostics[0].place.text() == "a.yaml:3:19");
  CHECK(result.diagnostics[0].hint == "use \"deny\"");
}

TEST_CASE(
    "each setting that weakens security is refused in production and staging, and named in "
    "development") {
  struct Case {
    char const* text;
    char const* message;
    char const* setting;
    bool staging;
  };
  for (Case const& one : {
           Case{"authorization: {default_action: log-only}",
                "Security violation: 'log-only' mode not allowed in production environment",
                "authorization.default_action=log-only", true},
           Case{"authorization: {provider: allow-all}",
                "authorization.provider cannot be 'allow-all' in production environment",
                "authorization.provider=allow-all", true},
           Case{"transport: {peer_verification: log-only}",
                "transport.peer_verification must be 'strict' in production environment",
                "transport.peer_verification=log-only", true},
           Case{"authorization: {audit: {enabled: false}}",
                "authorization.audit.enabled must be true in production environment",
                "authorization.audit.enabled=false", true},
           Case{"transport: {tls_min_version: \"1.2\"}",
                "transport.tls_min_version must be '1.3' in production environment",
                "transport.tls_min_version=1.2", false},
           Case{"identity: {provider: dev}",
                "identity.provider cannot be 'dev' in production environment",
                "identity.provider=dev", true},
           Case{"identity: {provider: mtls-static, cert_path: c, key_path: k, ca_path: b}",
                "identity.provider cannot be 'mtls-static' in production environment",
                "identity.provider=mtls-static", true},
       }) {
    CAPTURE(one.text);
    const std::string text = kMinimal + one.text + '\n';
    const Loaded production = loaded({.text = text});
    REQUIRE(found(production, Code::insecure_in_production) != nullptr);
    CHECK(found(production, Code::insecure_in_production)->message == one.message);
    CHECK(found(production, Code::insecure_in_production)->place.line == 2);
    CHECK(loaded({.text = text, .environment = "staging"}).ok() == !one.staging);
    const Loaded development = loaded({.text = text, .environment = "development"});
    CHECK(development.ok());
    CHECK(development.insecure == std::vector<std::string>{one.setting});
    CHECK(development.config.server.host == "127.0.0.1");
    CHECK(development.config.metrics.host == "127.0.0.1");
  }
}

TEST_CASE("staging names itself") {
  const Loaded result = loaded(
      {.text = kMinimal + "authorization: {default_action: log-only}\n", .environment = "stage"});
  CHECK(result.diagnostics.at(0).message ==
        "Security violation: 'log-only' mode not allowed in staging environment");
}

TEST_CASE("a variable cannot smuggle a weak setting past production") {
  const Loaded result = loaded({.env = {{"AGENTWEAVE_AUTHZ_DEFAULT_ACTION", "log-only"}}});
  REQUIRE_FALSE(result.ok());
  CHECK(result.diagnostics[0].place.text() == "AGENTWEAVE_AUTHZ_DEFAULT_ACTION");
  CHECK_FALSE(loaded({.set = {"authorization.audit.enabled=0"}}).ok());
}

TEST_CASE("development listens elsewhere when told to, and everywhere when nothing is weakened") {
  CHECK(loaded({.text = kMinimal +
                        "server: {host: 0.0.0.0}\nauthorization: {default_action: log-only}\n",
                .environment = "dev"})
            .config.server.host == "0.0.0.0");
  CHECK(loaded({.environment = "dev"}).config.server.host == "0.0.0.0");
}

TEST_CASE("settings that contradict each other are refused") {
  for (char const* text : {
           "authorization: {policy_dir: p, opa_endpoint: \"http://localhost:1\"}",
           "authorization: {bundle: {file: b.tar.gz}, opa_endpoints: [\"http://localhost:1\"]}",
           "authorization: {data_files: [d.json]}",
           "observability: {metrics: {port: 8443}}",
           "observability: {metrics: {path: /readyz}}",
           "server: {admin: {port: 9090}}",
           "identity: {spiffe_id: \"spiffe://other.example/a\"}",
           "transport: {retry: {backoff_base_seconds: 60}}",
           "peers: [{id: \"spiffe://a/b\", address: \"h:1\"}, {id: \"spiffe://a/b\", address: "
           "\"h:2\"}]",
       }) {
    CAPTURE(text);
    CHECK(found(with(std::string(text) + "\n"), Code::config_conflict) != nullptr);
  }
}

TEST_CASE("the embedded engine needs no OPA") {
  const Loaded result = with("authorization: {policy_dir: policies, data_files: [d.json]}\n");
  CHECK(listed(result).empty());
  CHECK(result.config.authorization.embedded());
  CHECK(result.config.authorization.opa_endpoints.empty());
}

namespace {

Loaded capability(std::string const& rest, BackendRule rule = BackendRule::required,
                  std::string const& more = "") {
  return loaded({.text = "agent:\n  name: a\n  trust_domain: b.c\n  capabilities:\n    - {name: x, "
                         "description: d" +
                         rest + "}\n" + more,
                 .backends = rule});
}

}  // namespace

TEST_CASE("a command without a program is found at load, not at the first call") {
  for (std::string const command : {"[]", "[\"\"]", "[\"\", x]"}) {
    CAPTURE(command);
    const Loaded result = capability(", backend: {type: exec, command: " + command + "}");
    auto const* const wrong = found(result, Code::config_out_of_range);
    REQUIRE(wrong != nullptr);
    CHECK(wrong->message == "agent.capabilities[0].backend.command names no program");
  }
  CHECK(capability(", backend: {type: exec, command: [\"./report.sh\"]}").ok());
}

TEST_CASE("listeners take the addresses that can be bound, and a name is none of them") {
  for (char const* const host : {"256.1.1.1", "127.1", "example.com", "-", "[::1]", "[::1]:8443",
                                 "127.0.0.1:80", "fe80::1%lo", "1::2::3", "unix:///x", ""}) {
    for (std::string const key :
         {"server: {host: ", "server: {admin: {host: ", "observability: {metrics: {host: "}) {
      CAPTURE(host);
      CAPTURE(key);
      auto const ends = std::string(static_cast<std::size_t>(std::ranges::count(key, '{')), '}');
      CHECK(found(with(key + '"' + host + '"' + ends + "\n"), Code::config_out_of_range) !=
            nullptr);
    }
  }
}

TEST_CASE("a capability needs a backend, an upstream, or a program that brings its own") {
  const Loaded none = capability("");
  REQUIRE(found(none, Code::config_missing_key) != nullptr);
  CHECK(found(none, Code::config_missing_key)->message ==
        "capability \"x\" has no backend, and server.upstream is not set");
  CHECK(capability("", BackendRule::in_process).ok());
  CHECK(capability("", BackendRule::required, "server: {upstream: \"http://127.0.0.1:9000\"}\n")
            .ok());
}

TEST_CASE("a backend says what its type needs, and nothing else") {
  CHECK_FALSE(capability(", backend: {type: http}").ok());
  CHECK_FALSE(capability(", backend: {type: exec}").ok());
  CHECK_FALSE(capability(", backend: {type: builtin, name: nothing}").ok());
  CHECK_FALSE(capability(", backend: {type: builtin, name: echo, url: \"http://a\"}").ok());
  CHECK_FALSE(capability(", backend: {url: \"http://127.0.0.1:1\"}").ok());
  CHECK(capability(", backend: {type: a2a, url: \"http://127.0.0.1:1\"}").ok());
  CHECK(capability(", backend: {type: a2a, url: \"http://127.0.0.1:1\", binding: grpc}").ok());
  CHECK_FALSE(
      capability(", backend: {type: http, url: \"http://127.0.0.1:1\", binding: grpc}").ok());
}

TEST_CASE("a backend on another machine is reached with encryption or not at all") {
  for (auto const* environment : {"production", "staging", "development"}) {
    CAPTURE(environment);
    const auto text = [](std::string const& url) {
      return "agent:\n  name: a\n  trust_domain: b.c\n  capabilities:\n    - {name: x, "
             "description: d, backend: {type: http, url: \"" +
             url + "\"}}\n";
    };
    CHECK_FALSE(loaded({.text = text("http://10.0.0.1:9000"), .environment = environment}).ok());
    CHECK_FALSE(loaded({.text = text("http://backend:9000"), .environment = environment}).ok());
    CHECK_FALSE(
        loaded({.text = text("http://127.0.0.1.evil.test"), .environment = environment}).ok());
    for (char const* good : {"http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost:1/x",
                             "https://backend:9000", "unix:///run/a.sock:/x"}) {
      CAPTURE(good);
      CHECK(loaded({.text = text(good), .environment = environment}).ok());
    }
    CHECK_FALSE(loaded({.text = kMinimal + "server: {upstream: \"http://backend:9000\"}\n",
                        .environment = environment})
                    .ok());
  }
}

TEST_CASE("capability names are unique") {
  const Loaded result = loaded({.text = R"(agent:
  name: a
  trust_domain: b.c
  capabilities:
    - {name: x, description: d, backend: {type: builtin, name: echo}}
    - {name: x, description: d, backend: {type: builtin, name: echo}}
)"});
  CHECK(listed(result) == "AW1012 a.yaml:6:14 capability \"x\" is defined twice\n");
}

TEST_CASE("mtls-static needs its three files") {
  const Loaded result =
      loaded({.text = kMinimal + "identity: {provider: mtls-static}\n", .environment = "dev"});
  CHECK(count(result.diagnostics, Severity::error) == 3);
}

TEST_CASE("what is valid but odd is a warning") {
  for (char const* text : {
           "identity: {allowed_trust_domains: [other.example]}",
           "server: {port: 8080}",
           "server: {admin: {host: 0.0.0.0}}",
           "replay: {mode: required}",
           "authorization: {opa_endpoints: [\"http://opa-1:8181\"]}",
       }) {
    CAPTURE(text);
    const Loaded result = with(std::string(text) + "\n");
    CHECK(result.ok());
    CHECK(found(result, Code::config_suspicious) != nullptr);
  }
}

TEST_CASE("an allowed trust domain without a bundle is told, with the name it is nearest to") {
  const Loaded result =
      with("identity:\n  allowed_trust_domains: [corp.example, eu.exmaple.com]\n");
  const auto told = check_bundles(result, {"corp.example", "eu.example.com"});
  REQUIRE(told.size() == 1);
  CHECK(told[0].code == Code::trust_domain_without_bundle);
  CHECK(told[0].place.text() == "a.yaml:3:41");
  CHECK(told[0].hint == "did you mean \"eu.example.com\"?");
  CHECK(check_bundles(result, {"eu.exmaple.com"}).empty());
}

TEST_CASE("a reload tells what it changes, and what needs a restart") {
  const Config before = with("").config;
  const Config after = with(
                           "server: {port: 9443}\nobservability: {logging: {level: DEBUG}}\n"
                           "peers: [{id: \"spiffe://a/b\", address: \"h:1\"}]\n"
                           "authorization: {opa_endpoint: \"http://127.0.0.1:1\"}\n")
                           .config;
  const auto changes = changed_keys(before, after);
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].key == "authorization.opa_endpoints");
  CHECK(changes[0].effect == Effect::restart_needed);
  CHECK(changes[1].key == "server.port");
  CHECK(changes[1].effect == Effect::restart_needed);
  CHECK(changes[2].key == "peers");
  CHECK(changes[3].key == "observability.logging.level");
  CHECK(changed_keys(after, after).empty());
  Config moved = after;
  moved.discovery.peers[0].address = "h:2";
  CHECK(changed_keys(after, moved).size() == 1);
}

TEST_CASE("parameters that are no schema, or one that would not be checked, are refused") {
  struct Case {
    char const* parameters;
    char const* says;
  };
  for (Case const& one : {
           Case{"{type: text}", "no JSON Schema"},
           Case{"[1]", "no JSON Schema"},
           Case{"{type: object, propertys: {}}", "\"propertys\" is not checked here"},
       }) {
    CAPTURE(one.parameters);
    const Loaded result =
        loaded({.text = "agent:\n  name: a\n  trust_domain: b.c\n  capabilities:\n"
                        "  - {name: echo, description: x, backend: {type: builtin, name: echo},\n"
                        "     parameters: " +
                        std::string(one.parameters) + "}\nauthorization: {policy_dir: p}\n"});
    REQUIRE_FALSE(result.ok());
    CHECK(result.diagnostics[0].key == "agent.capabilities[0].parameters");
    CHECK(result.diagnostics[0].message.contains(one.says));
    CHECK(result.diagnostics[0].place.line == 6);
  }
}

TEST_CASE("a finding about one of a list stands at that one") {
  const Loaded result =
      with("authorization:\n  opa_endpoints:\n    - http://localhost:1\n    - http://opa-2:8181\n");
  CAPTURE(listed(result));
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(result.diagnostics[0].code == Code::config_suspicious);
  CHECK(result.diagnostics[0].place.line_text == "    - http://opa-2:8181");
  CHECK(result.diagnostics[0].place.column == 7);
}

TEST_CASE("federation names other domains, over https, and https_spiffe says who must answer") {
  struct Case {
    char const* row;
    bool good;
    char const* says;
  };
  for (Case const& one : {
           Case{"{trust_domain: eu.test, url: \"https://eu.test/\"}", true, ""},
           Case{"{trust_domain: ap.test, url: \"https://ap.test/\"}", true,
                "not in identity.allowed_trust_domains"},
           Case{"{trust_domain: corp.example, url: \"https://x.test/\"}", false,
                "the own trust domain"},
           Case{"{trust_domain: eu.test, url: \"http://eu.test/\"}", false, "https://"},
           Case{"{trust_domain: eu.test, url: \"https://eu.test/\", profile: https_spiffe}", false,
                "endpoint_spiffe_id"},
           Case{"{trust_domain: eu.test, url: \"https://eu.test/\", endpoint_spiffe_id: "
                "\"spiffe://eu.test/s\"}",
                false, "endpoint_spiffe_id"},
           Case{"{trust_domain: eu.test, url: \"https://eu.test/\", profile: https_spiffe, "
                "endpoint_spiffe_id: \"spiffe://eu.test/s\", bootstrap: b.json}",
                true, ""},
           Case{"{trust_domain: eu.test}", false, "url is required"},
       }) {
    CAPTURE(one.row);
    const Loaded result =
        with("identity: {allowed_trust_domains: [corp.example, eu.test], federation: [" +
             std::string(one.row) + "]}\n");
    CHECK(result.ok() == one.good);
    CHECK(listed(result).contains(one.says));
  }
}
