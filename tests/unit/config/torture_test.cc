// SPDX-License-Identifier: Apache-2.0
// Input that was never meant to be a configuration: every answer is a finding with a code and a
// place, never a crash, a hang or a default taken in silence.
#include <doctest/doctest.h>

#include "core/base/code.h"
#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

namespace {

// `{k0: x, k1: x, …}` in one line.
std::string one_line_of_unknown_keys(int count) {
  std::string text = "agent: {name: a, trust_domain: b.c";
  for (int i = 0; i < count; ++i) text += ", k" + std::to_string(i) + ": x";
  return text + "}\n";
}

std::size_t shown_bytes(Loaded const& loaded) {
  std::size_t bytes = 0;
  for (Diagnostic const& one : loaded.diagnostics) bytes += one.place.line_text.size();
  return bytes;
}

}  // namespace

TEST_CASE("text that is no configuration is told with code, line and column") {
  struct Row {
    std::string name;
    std::string text;
    char const* place;
    char const* code;
  };
  const Row rows[] = {
      {"a NUL byte", std::string("agent:\n  na\0me: x\n", 18), "a.yaml:2:5", "AW1001"},
      {"an escape", "agent:\n  name: \x1b[2J\n", "a.yaml:2:9", "AW1001"},
      {"DEL", "a: \x7f\n", "a.yaml:1:4", "AW1001"},
      {"Latin-1", "agent:\n  name: caf\xe9\n", "a.yaml:2:12", "AW1001"},
      {"UTF-16",
       std::string("\xff\xfe"
                   "a\0",
                   4),
       "a.yaml:1:", "AW1001"},
      {"an overlong slash", "a: \xc0\xaf\n", "a.yaml:1:4", "AW1001"},
      {"a surrogate", "a: \xed\xa0\x80\n", "a.yaml:1:4", "AW1001"},
      {"cut short", "a: \xe2\x82", "a.yaml:1:4", "AW1001"},
      {"a tab for indentation", "agent:\n\tname: x\n", "a.yaml:2:1", "AW1001"},
      {"a second document", "---\nagent: {name: a, trust_domain: b.c}\n---\nx: 1\n", "a.yaml:3:1",
       "AW1001"},
      {"an unclosed list", "agent: [a\n", "a.yaml:2:1", "AW1001"},
      {"an unclosed quote", "agent:\n  name: \"a\n", "a.yaml:2:9", "AW1001"},
      {"an unclosed single quote", "agent: {name: 'a}\n", "a.yaml:1:15", "AW1001"},
      {"two colons", "a: b: c\n", "a.yaml:1:5", "AW1001"},
      {"an unknown anchor", "agent: *x\n", "a.yaml:1:8", "AW1001"},
      {"a foreign tag", "agent: !!python/object x\n", "a.yaml:1:8", "AW1001"},
      {"a binary tag", "agent: !!binary aGk=\n", "a.yaml:1:8", "AW1001"},
      {"an anchor in itself", "agent: &x {name: *x}\n", "a.yaml:1:18", "AW1010"},
      {"a wide list", "a: [" + std::string(60'000, ',') + "]", "a.yaml:1:", "AW10"},
      {"deep flow", "a: " + std::string(5000, '['), "a.yaml:1:", "AW1010"},
      {"deep maps",
       "a: " +
           [] {
             std::string out;
             for (int i = 0; i < 200; ++i) out += "{a: ";
             return out;
           }(),
       "a.yaml:1:", "AW1010"},
      {"a list", "- a\n", "a.yaml:1:1", "AW1004"},
      {"a number", "42\n", "a.yaml:1:1", "AW1004"},
      {"a word", "hello\n", "a.yaml:1:1", "AW1004"},
      {"JSON with a trailing word", "{\"agent\": {}} x\n", "a.yaml:1:", "AW1001"},
      {"HTML", "<!doctype html><title>404</title>\n", "a.yaml:1:1", "AW1004"},
      {"a YAML 9 file", "%YAML 9.9\n---\nagent: {}\n", "a.yaml:", "AW10"},
  };
  for (Row const& row : rows) {
    CAPTURE(row.name);
    const Loaded result = loaded({.text = row.text});
    CAPTURE(listed(result));
    REQUIRE_FALSE(result.ok());
    Diagnostic const& first = result.diagnostics[0];
    CHECK(first.place.text().starts_with(row.place));
    CHECK(code_name(first.code).starts_with(row.code));
    CHECK(exit_code(first.code) == Exit::invalid);
    const std::string shown = render_text(first);
    CHECK((first.place.line_text.empty() || shown.find('^') != std::string::npos));
    for (const char c : shown)
      CHECK((c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20));
  }
}

TEST_CASE("a byte order mark, CRLF and a comment are no obstacle") {
  const Loaded result = loaded({.text = "\xEF\xBB\xBF# hello\r\nagent:\r\n  name: a\r\n"
                                        "  trust_domain: b.c\r\nserver:\r\n  port: 0\r\n"});
  CHECK(listed(result) == "AW1005 a.yaml:6:9 server.port must be 1 to 65535, got '0'\n");
  CHECK(render_text(result.diagnostics).find('\r') == std::string::npos);
}

TEST_CASE("a line with ten thousand mistakes is not copied ten thousand times") {
  const Loaded result = loaded({.text = one_line_of_unknown_keys(9000)});
  CHECK(result.diagnostics.size() == 201);
  CHECK(shown_bytes(result) < 100'000);
  CHECK(result.diagnostics[0].place.line == 1);
}

TEST_CASE("keys and values of any length are told, shortened") {
  for (std::string const& text :
       {std::string(900'000, 'k') + ": x\n", std::string(1000, 'k') + ": x\n",
        "identity: {allowed_trust_domains: [" + std::string(900'000, 'A') + "]}\n",
        "server: {port: " + std::string(900'000, '9') + "}\n",
        "server: {host: \"" + std::string(900'000, ' ') + "\"}\n"}) {
    CAPTURE(text.substr(0, 40));
    const Loaded result = with(text);
    CHECK_FALSE(result.ok());
    CHECK(render_text(result.diagnostics).size() < 2000);
  }
}

TEST_CASE("a file of warnings only does not escape what is required or what production refuses") {
  struct Row {
    std::string name;
    Given given;
    Code code;
  };
  const std::string odd = "transport: {retry: {jitter: false}}\n";
  const Row rows[] = {
      {"nothing else is given", {.text = odd}, Code::config_missing_key},
      {"the rest comes from flags",
       {.text = odd,
        .set = {"agent.name=a", "agent.trust_domain=b.c", "authorization.default_action=log-only"}},
       Code::insecure_in_production},
      {"the rest comes from variables",
       {.text = odd,
        .env = {{"AGENTWEAVE_AGENT_NAME", "a"},
                {"AGENTWEAVE_TRUST_DOMAIN", "b.c"},
                {"AGENTWEAVE_IDENTITY_PROVIDER", "dev"}}},
       Code::insecure_in_production},
  };
  for (Row const& row : rows) {
    CAPTURE(row.name);
    const Loaded result = loaded(row.given);
    CAPTURE(listed(result));
    CHECK(found(result, row.code) != nullptr);
    CHECK_FALSE(result.ok());
  }
}

TEST_CASE("the documented variable for the environment is not outdone by a derived one") {
  CHECK(loaded({.env = {{"AGENTWEAVE_AGENT_ENVIRONMENT", "development"},
                        {"AGENTWEAVE_ENV", "production"}}})
            .config.environment == Environment::production);
  CHECK(loaded({.env = {{"AGENTWEAVE_AGENT_ENVIRONMENT", "staging"}}}).config.environment ==
        Environment::staging);
}

TEST_CASE("a secret is in no finding about its neighbours either") {
  for (char const* text : {
           "authorization: {opa_token: hunter2, opa_tokne: x}\n",
           "authorization: {opa_token: hunter2, timeout: soon}\n",
           "authorization:\n  opa_token: hunter2\n  opa_token: hunter2\n",
           "authorization:\n  opa_token: hunter2: x\n",
           "authorization: {\"opa_token\": \"hunter2\n",
       }) {
    CAPTURE(text);
    const Loaded result = with(text);
    CHECK_FALSE(result.ok());
    CHECK(render_text(result.diagnostics).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("the documented sentence names both TLS versions in order") {
  for (char const* version : {"1.1", "1.4", "TLS1.3", "\"\""}) {
    CAPTURE(version);
    const Loaded result = with("transport: {tls_min_version: " + std::string(version) + "}\n");
    REQUIRE_FALSE(result.ok());
    CHECK(result.diagnostics[0].message.starts_with(
        "transport.tls_min_version must be '1.2' or '1.3', got '"));
  }
}

TEST_CASE("one item set by a flag leaves the file's own relative to the file") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.write(
      "conf/a.yaml", kMinimal + "authorization: {policy_dir: p, data_files: [one.json]}\n");
  request.overrides = {"authorization.data_files[1]=two.json"};
  const Loaded result = inspect(request);
  REQUIRE(result.ok());
  CHECK(result.config.authorization.data_files ==
        std::vector<std::string>{(directory.path() / "conf/one.json").string(), "two.json"});
}

TEST_CASE("a parameter schema on the command line is read with bounds") {
  const std::vector<std::string> base = {
      "agent.capabilities[0].name=x", "agent.capabilities[0].description=d",
      "agent.capabilities[0].backend.type=builtin", "agent.capabilities[0].backend.name=echo"};
  const auto parameters = [&base](std::string const& json) {
    auto set = base;
    set.push_back("agent.capabilities[0].parameters=" + json);
    return loaded({.set = set});
  };
  CHECK(parameters(R"({"type":"object"})").ok());
  CHECK_FALSE(parameters(std::string(50'000, '[') + std::string(50'000, ']')).ok());
  CHECK_FALSE(parameters("{").ok());
}

TEST_CASE("numbers and durations at and beyond their limits") {
  struct Row {
    std::string text;
    bool good;
  };
  for (Row const& row : {
           Row{"server: {port: 65535}", true},
           Row{"server: {port: 65536}", false},
           Row{"server: {port: 1}", true},
           Row{"server: {port: -0}", false},
           Row{"server: {port: 0x50}", false},
           Row{"server: {port: 8_443}", false},
           Row{"server: {port: 1e3}", false},
           Row{"server: {port: \" 8443\"}", false},
           Row{"server: {port: .inf}", false},
           Row{"server: {port: nan}", false},
           Row{"server: {workers: 1024}", true},
           Row{"server: {workers: 1025}", false},
           Row{"server: {limits: {max_body_bytes: 1073741824}}", true},
           Row{"server: {limits: {max_body_bytes: 1073741825}}", false},
           Row{"server: {limits: {max_body_bytes: 0}}", false},
           Row{"server: {limits: {max_requests_per_connection: 18446744073709551616}}", false},
           Row{"server: {rate_limit: {requests_per_second: 0.5}}", true},
           Row{"server: {rate_limit: {requests_per_second: -1}}", false},
           Row{"server: {rate_limit: {requests_per_second: 1e10}}", false},
           Row{"server: {request_timeout_seconds: 0}", false},
           Row{"server: {request_timeout_seconds: -5}", false},
           Row{"server: {request_timeout_seconds: 1.5}", true},
           Row{"server: {request_timeout_seconds: 24h}", true},
           Row{"server: {request_timeout_seconds: 24h1s}", false},
           Row{"server: {request_timeout_seconds: 5 s}", false},
           Row{"server: {request_timeout_seconds: 5x}", false},
           Row{"server: {request_timeout_seconds: 99999999999999999999h}", false},
           Row{"server: {request_timeout_seconds: 1e309}", false},
           Row{"server: {graceful_shutdown_seconds: 0}", true},
           Row{"server: {graceful_shutdown_seconds: 3601}", false},
           Row{"authorization: {audit: {rotation: {max_age: -1s}}}", false},
           Row{"authorization: {audit: {rotation: {max_age: 1e30}}}", false},
           Row{"authorization: {audit: {rotation: {max_bytes: 1000000000000000}}}", true},
           Row{"a2a: {task_retention: 0}", false},
           Row{"a2a: {task_retention: 30d}", true},
           Row{"replay: {future_seconds: 300}", true},
           Row{"replay: {future_seconds: 301}", false},
       }) {
    CAPTURE(row.text);
    const Loaded result = with(std::string(row.text) + "\n");
    CAPTURE(listed(result));
    CHECK(result.ok() == row.good);
    for (Diagnostic const& one : result.diagnostics) {
      CHECK(one.place.line == 2);
      CHECK(render_text(one).find('^') != std::string::npos);
    }
  }
}

TEST_CASE("addresses of the Workload API are what its specification allows") {
  struct Row {
    std::string address;
    bool good;
  };
  for (Row const& row : {
           Row{"unix:///run/a.sock", true},
           Row{"unix:/run/a.sock", true},  // no authority is an empty one: as `dev` prints it
           Row{"unix:run/a.sock", false},
           Row{"unix:/", false},
           Row{"unix://", false},
           Row{"unix://run/a.sock", false},
           Row{"tcp://127.0.0.1:8081", true},
           Row{"tcp://[::1]:8081", true},
           Row{"tcp://127.0.0.1", false},
           Row{"tcp://localhost:8081", false},
           Row{"tcp://127.0.0.1:0", false},
           Row{"tcp://127.0.0.1:8081/x", false},
           Row{"tcp://a@127.0.0.1:8081", false},
           Row{"tcp://:8081", false},
           Row{"http://127.0.0.1:8081", false},
           Row{"/run/a.sock", false},
           Row{"npipe:x", false},
       }) {
    CAPTURE(row.address);
    CHECK(with("identity: {spiffe_endpoint: \"" + std::string(row.address) + "\"}\n").ok() ==
          row.good);
  }
}
