// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "core/config/field.h"
#include "core/config/schema.h"
#include "core/config/show.h"
#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

TEST_CASE("flags win over variables, and variables over the file") {
  const std::string text = kMinimal + "server: {port: 1001}\n";
  CHECK(loaded({.text = text}).config.server.port == 1001);
  CHECK(loaded({.text = text, .env = {{"AGENTWEAVE_SERVER_PORT", "1002"}}}).config.server.port ==
        1002);
  const Loaded all = loaded({.text = text,
                             .env = {{"AGENTWEAVE_SERVER_PORT", "1002"}},
                             .set = {"server.port=1003", "server.port=1004"}});
  CHECK(all.config.server.port == 1004);
  CHECK(all.origins.at("server.port").text() == "--set server.port");
}

TEST_CASE("every documented variable is read") {
  struct Case {
    char const* name;
    char const* value;
    char const* key;
  };
  for (Case const& one : {
           Case{"AGENTWEAVE_TRUST_DOMAIN", "x.y", "agent.trust_domain"},
           Case{"AGENTWEAVE_AGENT_NAME", "other", "agent.name"},
           Case{"AGENTWEAVE_OPA_ENDPOINT", "http://127.0.0.1:1", "authorization.opa_endpoint"},
           Case{"OPA_ENDPOINT", "http://127.0.0.1:1", "authorization.opa_endpoint"},
           Case{"AGENTWEAVE_POLICY_PATH", "a/b", "authorization.policy_path"},
           Case{"AGENTWEAVE_AUTHZ_DEFAULT_ACTION", "deny", "authorization.default_action"},
           Case{"AGENTWEAVE_SERVER_HOST", "127.0.0.1", "server.host"},
           Case{"AGENTWEAVE_METRICS_PORT", "9999", "observability.metrics.port"},
           Case{"AGENTWEAVE_LOG_LEVEL", "debug", "observability.logging.level"},
           Case{"AGENTWEAVE_DEBUG", "1", "observability.logging.level"},
           Case{"AGENTWEAVE_LOG_FORMAT", "text", "observability.logging.format"},
           Case{"AGENTWEAVE_ENV", "dev", "agent.environment"},
           Case{"AGENTWEAVE_ENVIRONMENT", "stage", "agent.environment"},
           Case{"AGENTWEAVE_SPIFFE_ID", "spiffe://corp.example/a", "identity.spiffe_id"},
           Case{"AGENTWEAVE_CERT_PATH", "/c", "identity.certificate_path"},
           Case{"AGENTWEAVE_KEY_PATH", "/k", "identity.private_key_path"},
           Case{"AGENTWEAVE_CA_BUNDLE_PATH", "/b", "identity.ca_cert_path"},
           Case{"SPIFFE_ENDPOINT_SOCKET", "unix:///s", "identity.spiffe_endpoint"},
           Case{"AGENTWEAVE_TRANSPORT_CIRCUIT_BREAKER_FAILURE_THRESHOLD", "9",
                "transport.circuit_breaker.failure_threshold"},
       }) {
    CAPTURE(one.name);
    const Loaded result = loaded({.env = {{one.name, one.value}}});
    CAPTURE(listed(result));
    CHECK(result.ok());
    REQUIRE(result.origins.contains(one.key));
    CHECK(result.origins.at(one.key).text() == one.name);
  }
}

TEST_CASE("no two settings share a variable") {
  std::set<std::string> seen;
  for (Field const& field : all_fields()) {
    std::vector<std::string> names = field.variables;
    names.push_back(derived_variable(field));
    for (std::string const& name : names) {
      CAPTURE(name);
      if (!name.empty()) CHECK(seen.insert(name).second);
    }
  }
}

TEST_CASE("a bad variable is named, with Kubernetes' service links in mind") {
  const Loaded result = loaded({.env = {{"AGENTWEAVE_SERVER_PORT", "tcp://10.0.0.1:8443"}}});
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(result.diagnostics[0].place.text() == "AGENTWEAVE_SERVER_PORT");
  CHECK(result.diagnostics[0].hint.find("enableServiceLinks") != std::string::npos);
}

TEST_CASE("a variable for one OPA wins over the file's list, as variables do") {
  const std::string text = kMinimal + "authorization: {opa_endpoints: [\"http://127.0.0.1:1\"]}\n";
  const Loaded result = loaded({.text = text, .env = {{"OPA_ENDPOINT", "http://127.0.0.1:2"}}});
  CHECK(result.config.authorization.opa_endpoints ==
        std::vector<std::string>{"http://127.0.0.1:2"});
}

TEST_CASE("an older name means the same wherever it is written") {
  struct Row {
    std::string old;
    std::string file;
  };
  for (Row const& row :
       {Row{"transport.retry.max_retries=2", "transport: {retry: {max_retries: 2}}\n"},
        Row{"identity.spiffe_socket=/run/a.sock", "identity: {spiffe_socket: /run/a.sock}\n"}}) {
    CAPTURE(row.old);
    const Loaded by_flag = loaded({.text = kMinimal, .set = {row.old}});
    const Loaded by_file = with(row.file);
    CHECK(by_flag.ok());
    CHECK(by_flag.config.transport.retry.max_attempts ==
          by_file.config.transport.retry.max_attempts);
    CHECK(by_flag.config.identity.spiffe_endpoint == by_file.config.identity.spiffe_endpoint);
  }
  CHECK(loaded({.text = kMinimal, .set = {"transport.retry.max_retries=2"}})
            .config.transport.retry.max_attempts == 3);
}

TEST_CASE("in one file the list wins over the single value") {
  const Loaded result = with(
      "authorization: {opa_endpoint: \"http://127.0.0.1:1\", opa_endpoints: "
      "[\"http://127.0.0.1:2\"]}\n");
  CHECK(result.config.authorization.opa_endpoints ==
        std::vector<std::string>{"http://127.0.0.1:2"});
}

TEST_CASE("--set reaches lists and their items") {
  const std::string text = kMinimal +
                           "peers: [{id: \"spiffe://corp.example/a\", address: \"https://a:1\"}]\n"
                           "identity: {allowed_trust_domains: [corp.example, b.example]}\n";
  const Loaded result =
      loaded({.text = text,
              .set = {"peers[0].address=https://a:2", "peers[1].id=spiffe://corp.example/b",
                      "peers[1].address=https://b:1", "identity.allowed_trust_domains[1]=c.example",
                      "identity.allowed_trust_domains[2]=d.example", "a2a.versions=0.3,1.0",
                      "authorization.opa_url=http://127.0.0.1:5", "agent.capabilities[0].name=echo",
                      "agent.capabilities[0].description=a=b",
                      "agent.capabilities[0].backend.type=builtin",
                      "agent.capabilities[0].backend.name=echo"}});
  CAPTURE(listed(result));
  REQUIRE(result.ok());
  REQUIRE(result.config.discovery.peers.size() == 2);
  CHECK(result.config.discovery.peers[0].address == "https://a:2");
  CHECK(result.config.discovery.peers[1].spiffe_id == "spiffe://corp.example/b");
  CHECK(result.config.identity.allowed_trust_domains ==
        std::vector<std::string>{"corp.example", "c.example", "d.example"});
  CHECK(result.config.a2a.versions == std::vector<std::string>{"0.3", "1.0"});
  CHECK(result.config.authorization.opa_endpoints ==
        std::vector<std::string>{"http://127.0.0.1:5"});
  CHECK(result.config.agent.capabilities.at(0).description == "a=b");
}

TEST_CASE("--set gives one component its level and leaves the file's others") {
  const std::string text =
      kMinimal + "observability: {logging: {loggers: {agentweave.a2a: ERROR, agentweave: INFO}}}\n";
  const Loaded result = loaded({.text = text,
                                .set = {"observability.logging.loggers.agentweave.authz=DEBUG",
                                        "observability.logging.loggers.agentweave=warning"}});
  CAPTURE(listed(result));
  REQUIRE(result.ok());
  CHECK(result.config.logging.loggers ==
        std::map<std::string, log::Level>{{"agentweave", log::Level::warning},
                                          {"agentweave.a2a", log::Level::error},
                                          {"agentweave.authz", log::Level::debug}});
  const Loaded wrong = loaded({.set = {"observability.logging.loggers.agentweave.authz=DEBGU"}});
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.diagnostics[0].hint == "did you mean \"DEBUG\"?");
  CHECK(wrong.diagnostics[0].place.text() ==
        "--set observability.logging.loggers.agentweave.authz");
}

TEST_CASE("a --set that cannot be is an error that names it") {
  for (char const* text :
       {"server.prot=1", "server.port", "=1", "peers[5].id=x", "peers=x", "peers[x].id=y",
        "peers[99999999999999999999].id=y", "server.port=", "identity.allowed_trust_domains[3]=a.b",
        "observability.logging.loggers=x", "observability.logging.loggers.=DEBUG", "server=1"}) {
    CAPTURE(text);
    CHECK_FALSE(loaded({.set = {text}}).ok());
  }
  const Loaded near = loaded({.set = {"server.prot=1"}});
  CHECK(near.diagnostics[0].hint == "did you mean \"server.port\"?");
  CHECK(near.diagnostics[0].place.text() == "--set server.prot");
  CHECK(loaded({.set = {"server=1"}}).diagnostics[0].hint == "set server.KEY=VALUE");
  for (char const* text : {"server.port", "=1", "peers[x].id=y"})
    CHECK(loaded({.set = {text}}).diagnostics[0].code == Code::usage);
}

TEST_CASE("a flag's value that cannot be is told at the flag, as a mistake in the command line") {
  LoadRequest request{.file = "a.yaml", .text = kMinimal + "server: {prot: 1}\n"};
  request.overrides = {"server.port=9443"};
  request.flags = {{"--port", "server.port", "abc"}};
  const Loaded bad = inspect(request);
  Diagnostic const* const told = found(bad, Code::usage);
  REQUIRE(told != nullptr);
  CHECK(told->place.text() == "--port");
  CHECK(told->key == "server.port");
  CHECK(refusal(bad).code == Code::usage);
  CHECK(refusal(bad).message.starts_with("--port: server.port must be"));
  request.flags = {{"--port", "server.port", "9444"}};
  request.text = kMinimal;
  CHECK(inspect(request).config.server.port == 9444);
}

TEST_CASE("port 0 comes from a flag, for tests, and never from a file") {
  CHECK_FALSE(with("server: {port: 0}\n").ok());
  CHECK(loaded({.set = {"server.port=0"}}).ok());
}

TEST_CASE(
    "--env wins over the variable, the variable over the file, and production is the default") {
  const std::string file = "agent: {name: a, trust_domain: b.c, environment: staging}\n";
  CHECK(loaded({.text = file}).config.environment == Environment::staging);
  CHECK(loaded({.text = file, .env = {{"AGENTWEAVE_ENV", "prod"}}}).config.environment ==
        Environment::production);
  CHECK(loaded({.text = file, .env = {{"AGENTWEAVE_ENV", "prod"}}, .environment = "dev"})
            .config.environment == Environment::development);
  CHECK(with("").config.environment == Environment::production);
  const Loaded bad = loaded({.environment = "test"});
  CHECK_FALSE(bad.ok());
  CHECK(bad.diagnostics[0].place.text() == "--env");
  CHECK(bad.diagnostics[0].code == Code::usage);
  CHECK(parse_environment("stage") == Environment::staging);
  CHECK_FALSE(parse_environment("Production").has_value());
}

TEST_CASE("includes are read first, relative to the file that says them, and it wins") {
  const Directory directory;
  directory.write("conf/base.yaml", "server: {port: 1001, host: 127.0.0.1}\npeers: []\n");
  directory.write("conf/env-staging.yaml", "include: deeper/x.yaml\nserver: {port: 1002}\n");
  directory.write("conf/deeper/x.yaml", "authorization: {policy_dir: rules}\n");
  LoadRequest request;
  request.file = directory.write(
      "conf/main.yaml", "include: [base.yaml, \"env-${AGENTWEAVE_ENV}.yaml\"]\n" + kMinimal);
  request.environment = "staging";
  const Loaded result = inspect(request);
  CAPTURE(listed(result));
  REQUIRE(result.ok());
  CHECK(result.config.server.port == 1002);
  CHECK(result.config.server.host == "127.0.0.1");
  CHECK(result.config.authorization.policy_dir ==
        (directory.path() / "conf/deeper/rules").string());
  CHECK(result.files.size() == 4);
}

TEST_CASE("an include that cannot be read is an error at its line") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.write("a.yaml", "include:\n  - nope.yaml\n" + kMinimal);
  const Loaded missing = inspect(request);
  REQUIRE(found(missing, Code::config_include) != nullptr);
  CHECK(found(missing, Code::config_include)->place.line == 2);

  directory.write("b.yaml", "include: c.yaml\n");
  directory.write("c.yaml", "include: b.yaml\n");
  request.file = directory.path() / "b.yaml";
  CHECK(found(inspect(request), Code::config_include) != nullptr);

  for (int i = 0; i < 12; ++i) {
    directory.write("d" + std::to_string(i) + ".yaml",
                    "include: d" + std::to_string(i + 1) + ".yaml\n");
  }
  request.file = directory.path() / "d0.yaml";
  CHECK(found(inspect(request), Code::config_include)->message == "too many includes");

  CHECK(found(loaded({.text = "include: x.yaml\n" + kMinimal}), Code::config_include) != nullptr);
}

TEST_CASE("what is no readable file is an error, and a pipe without a writer no hang") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.path() / "missing.yaml";
  CHECK(inspect(request).diagnostics.at(0).code == Code::config_unreadable);
  request.file = directory.path();
  CHECK(inspect(request).diagnostics.at(0).code == Code::config_unreadable);
  request.file = directory.path() / "pipe";
  REQUIRE(mkfifo(request.file.c_str(), 0600) == 0);
  CHECK(inspect(request).diagnostics.at(0).code == Code::config_unreadable);
  request.file = directory.write("big.yaml", std::string(10'000'000, 'a'));
  CHECK(inspect(request).diagnostics.at(0).code == Code::config_too_large);
  request.file = directory.write("secret.yaml", kMinimal);
  REQUIRE(chmod(request.file.c_str(), 0) == 0);
  if (geteuid() != 0) CHECK(inspect(request).diagnostics.at(0).code == Code::config_unreadable);
}

TEST_CASE("without an argument the file is looked for, variables first") {
  const Directory directory;
  const auto named = directory.write("named.yaml", kMinimal);
  const auto home = directory.write(".agentweave/config.yaml", kMinimal);
  std::map<std::string, std::string> env = {{"HOME", directory.path().string()}};
  LoadRequest request;
  request.env = lookup_in(env);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  CHECK(inspect(request).files == std::vector<std::filesystem::path>{home});
  directory.write("config.yaml", kMinimal);
  CHECK(inspect(request).files == std::vector<std::filesystem::path>{"config.yaml"});
  env["AGENTWEAVE_CONFIG"] = named.string();
  CHECK(inspect(request).files == std::vector<std::filesystem::path>{named});
  env["AGENTWEAVE_CONFIG_PATH"] = (directory.path() / "gone.yaml").string();
  CHECK_FALSE(inspect(request).ok());
  std::filesystem::current_path(before);
}

TEST_CASE("paths are relative to the file that says them; flags and arguments are left alone") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.write(
      "c/a.yaml", kMinimal +
                      "authorization: {policy_dir: rules, data_files: [d.json, /e.json]}\n"
                      "identity: {on_svid_update: [./hook.sh, ./arg]}\n");
  request.overrides = {"state.directory=state"};
  const Loaded result = inspect(request);
  const std::string base = (directory.path() / "c").string();
  CHECK(result.config.authorization.policy_dir == base + "/rules");
  CHECK(result.config.authorization.data_files ==
        std::vector<std::string>{base + "/d.json", "/e.json"});
  CHECK(result.config.identity.on_svid_update ==
        std::vector<std::string>{base + "/hook.sh", "./arg"});
  CHECK(result.config.server.state.directory == "state");
}

TEST_CASE("paths of every item of a list are relative to the file, not of the first ones only") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.write(
      "c/a.yaml", kMinimal +
                      "a2a: {card: {signing_keys: [new.pem, old.pem]}}\n"
                      "authorization: {policy_dir: p, shadow: {policy_dir: next, data_files: "
                      "[n.json]}}\n"
                      "secrets:\n  values:\n    - {name: a, from: file, file: a.key}\n"
                      "    - {name: b, from: file, file: b.key}\n"
                      "    - {name: c, from: exec, command: [./c.sh, ./x]}\n");
  const Loaded result = inspect(request);
  REQUIRE(listed(result) == "");
  const std::string base = (directory.path() / "c").string();
  CHECK(result.config.a2a.card.signing_keys ==
        std::vector<std::string>{base + "/new.pem", base + "/old.pem"});
  CHECK(result.config.authorization.shadow.policy_dir == base + "/next");
  CHECK(result.config.authorization.shadow.data_files ==
        std::vector<std::string>{base + "/n.json"});
  CHECK(result.config.secrets.values[0].file == base + "/a.key");
  CHECK(result.config.secrets.values[1].file == base + "/b.key");
  CHECK(result.config.secrets.values[2].command == std::vector<std::string>{base + "/c.sh", "./x"});
}

TEST_CASE("what the configuration names is listed with its key, its place and what becomes of it") {
  const Directory directory;
  LoadRequest request;
  request.file = directory.write("a.yaml", kMinimal +
                                               "authorization: {policy_dir: rules, data_files: "
                                               "[d.json, /e.json]}\n"
                                               "identity: {on_svid_update: [hook, arg]}\n");
  request.overrides = {"state.directory=state"};
  std::string listed;
  for (auto const& one : named_paths(inspect(request)))
    listed += one.key + ' ' + one.path.substr(one.path.rfind('/') + 1) + ' ' +
              one.place.substr(one.place.rfind('/') + 1) + ' ' +
              std::to_string(static_cast<int>(one.use)) + '\n';
  CHECK(listed ==
        "identity.on_svid_update hook a.yaml:3:28 3\n"
        "authorization.policy_dir rules a.yaml:2:29 1\n"
        "authorization.data_files d.json a.yaml:2:48 1\n"
        "authorization.data_files e.json a.yaml:2:48 1\n"
        "state.directory state --set state.directory 2\n");
}
