// SPDX-License-Identifier: Apache-2.0
// `agentweave doctor` against installations with one thing wrong each.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/fs.h"
#include "core/identity/dev_issuer.h"
#include "core/identity/workload_server.h"
#include "tests/fakes/fake_opa.h"
#include "tests/unit/commands/shell.h"

namespace {

using aw::json::Json;

// A project directory, and a Workload API that knows its agent.
struct Clinic {
  aw::SystemClock clock;
  std::unique_ptr<aw::identity::DevIssuer> issuer =
      aw::identity::DevIssuer::create(
          {.domain = aw::identity::TrustDomain::parse("clinic.test").value(),
           .identities =
               {{.id = aw::identity::SpiffeId::parse("spiffe://clinic.test/agent/clinic").value(),
                 .name = "clinic",
                 .dns_names = {}}}},
          clock)
          .value();
  aw::testing::Shell shell;
  std::unique_ptr<aw::identity::WorkloadServer> server =
      aw::identity::WorkloadServer::start(shell.directory() / "api.sock", *issuer, clock).value();

  Clinic() {
    shell.env["SPIFFE_ENDPOINT_SOCKET"] = server->address();
    write("policy/authz.rego",
          "package agentweave.authz\nimport rego.v1\ndefault allow := false\n"
          "allow if input.action == \"greet\"\n");
    write("policy/authz_test.rego",
          "package agentweave.authz_test\nimport rego.v1\nimport data.agentweave.authz\n"
          "asks(action) := {\"action\": action}\n"
          "test_greet if authz.allow with input as asks(\"greet\")\n");
    configure("");
  }
  void write(std::string const& name, std::string const& text) const {
    auto const path = shell.directory() / name;
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(aw::fs::write_file_atomic(path, text, aw::fs::Mode::public_file).ok());
  }
  // A sound configuration, and `more` at its end.
  void configure(std::string const& more, std::string const& policy = "policy_dir: policy") const {
    write("config.yaml",
          "agent:\n  name: clinic\n  trust_domain: clinic.test\n  environment: development\n"
          "  capabilities: [{name: greet, description: greets, backend: {type: builtin, name: "
          "greet}}]\n"
          "authorization:\n  " +
              policy + "\n  audit: {destination: \"file://" + shell.directory().string() +
              "/audit/a.log\"}\n" + more);
  }
  // `ports`: any free ones, so that two runs never meet.
  Json look(int exit, std::string const& more = "") {
    auto const ran = shell.run("agentweave doctor -o json -t 2s " + more);
    CAPTURE(ran.out);
    CAPTURE(ran.err);
    CHECK(ran.exit == exit);
    return Json::parse(ran.out).at("data").at("checks");
  }
};

// The first check of that group with that status, or null.
Json const* find(Json const& checks, std::string const& group, std::string const& status) {
  for (auto const& one : checks)
    if (one.at("group") == group && one.at("status") == status) return &one;
  return nullptr;
}

bool says(Json const& checks, std::string const& group, std::string const& status,
          std::string const& part, std::string const& code = "") {
  for (auto const& one : checks) {
    if (one.at("group") != group || one.at("status") != status) continue;
    auto const text = one.at("text").get<std::string>() + " " + one.value("fix", "");
    if (text.find(part) != std::string::npos && (code.empty() || one.value("code", "") == code))
      return true;
  }
  return false;
}

std::string const kQuietPorts =
    "--set server.port=0 --set observability.metrics.port=0 --set server.admin.port=0";

}  // namespace

TEST_CASE("doctor finds nothing wrong with a sound installation") {
  Clinic clinic;
  auto const checks = clinic.look(0, kQuietPorts);
  CHECK(says(checks, "identity", "ok", "spiffe://clinic.test/agent/clinic"));
  CHECK(says(checks, "policy", "ok", "2 rules, 1 tests pass"));  // as `dev` counts them
  CHECK(says(checks, "files", "ok", "/audit"));
  CHECK(find(checks, "identity", "failed") == nullptr);
}

TEST_CASE("doctor shows what a running agent says of itself, whatever stands there") {
  Clinic clinic;
  aw::testing::FakeOpa running;  // any web server does
  auto const port = running.url().substr(running.url().rfind(':') + 1);
  auto const ports =
      " --set server.port=0 --set server.admin.port=0 --set "
      "observability.metrics.port=" +
      port;
  struct Row {
    int status;
    std::string body;
    int exit;
    std::string condition;
    std::string told;
  };
  std::string const ours = R"({"agent":"clinic","status":)";
  for (Row const& row : std::vector<Row>{
           {503, ours + R"("x","checks":{"identity":{"status":"failed","detail":"no SVID"}}})", 5,
            "failed", "is not ready: identity: no SVID"},
           {503, ours + R"("x","checks":{"identity":{"status":1,"detail":[2]}}})", 5, "failed",
            "identity: [2]"},
           {503, ours + R"("x","checks":{"identity":{}}})", 5, "failed", "identity: {}"},
           {503, ours + R"("x","checks":[1]})", 5, "failed", "is not ready"},
           {200, ours + R"("healthy"})", 0, "ok", "runs and is ready"},
           {200,
            ours + R"("degraded","checks":{"policy":{"status":"degraded","detail":"AW2001"}}})", 0,
            "warning", "policy: AW2001"},
           {200, R"({"agent":"other","status":"healthy"})", 1, "failed", "the agent other holds"},
           {200, "no json", 1, "failed", "no agent holds"},
           {503, "no json", 1, "failed", "no agent holds"}}) {
    CAPTURE(row.body);
    running.behave({.status = row.status, .body = row.body, .headers = {}});
    CHECK(says(clinic.look(row.exit, ports), "listener", row.condition, row.told));
  }
}

TEST_CASE("doctor tells that more connections are allowed than files may be open") {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  if (now.rlim_max >= 10'000'000) {
    MESSAGE("nothing is too much for this machine: not tested");
    return;
  }
  Clinic clinic;
  auto const checks = clinic.look(0, kQuietPorts + " --set server.limits.max_connections=10000000");
  CHECK(says(checks, "machine", "warning", "LimitNOFILE=100"));
}

TEST_CASE("doctor names what is missing, with a code and the line that mends it") {
  Clinic clinic;
  SUBCASE("the Workload API's socket") {
    clinic.shell.env["SPIFFE_ENDPOINT_SOCKET"] = "unix:///nowhere/api.sock";
    CHECK(
        says(clinic.look(5, kQuietPorts), "identity", "failed", "start the SPIRE agent", "AW5003"));
  }
  SUBCASE("somebody behind the socket") {
    clinic.server.reset();
    clinic.write("api.sock", "");
    CHECK(says(clinic.look(5, kQuietPorts), "identity", "failed", "is no socket", "AW5003"));
  }
  SUBCASE("the trust domain the SVID is of") {
    auto const checks = clinic.look(1, kQuietPorts + " --set agent.trust_domain=other.test");
    CHECK(says(checks, "identity", "failed", "agent.trust_domain: clinic.test", "AW5010"));
  }
  SUBCASE("a federated domain's bundle") {
    clinic.configure("identity: {allowed_trust_domains: [far.test]}\n");
    CHECK(says(clinic.look(0, kQuietPorts), "bundles", "warning", "far.test", "AW1210"));
    CHECK(clinic.shell.run("agentweave doctor -q --fail-on warn " + kQuietPorts).exit == 6);
  }
  SUBCASE("a policy that compiles") {
    clinic.write("policy/authz.rego", "package agentweave.authz\nallow if {\n");
    CHECK(says(clinic.look(4, kQuietPorts), "policy", "failed", "authz.rego"));
  }
  SUBCASE("a policy test that passes") {
    clinic.write("policy/authz_test.rego",
                 "package agentweave.authz_test\nimport rego.v1\nimport data.agentweave.authz\n"
                 "test_delete if authz.allow with input as {\"action\": \"delete\"}\n");
    CHECK(says(clinic.look(1, kQuietPorts), "policy", "failed", "test_delete", "AW2007"));
  }
  SUBCASE("the policy directory") {
    std::filesystem::remove_all(clinic.shell.directory() / "policy");
    auto const checks = clinic.look(4, kQuietPorts);
    CHECK(says(checks, "policy", "failed", "policy"));
    CHECK(says(checks, "files", "failed", "authorization.policy_dir", "AW1008"));
  }
  SUBCASE("an OPA that answers") {
    clinic.configure("", "opa_endpoints: [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]");
    auto const checks = clinic.look(5, kQuietPorts);
    CHECK(says(checks, "policy", "failed", "0 of 2 OPA endpoints answer (first: http://127.0.0.1:1",
               "AW3010"));
    CHECK(says(checks, "policy", "warning", "readiness stays up"));
  }
  SUBCASE("a peer that answers") {
    clinic.configure(
        "peers: [{id: \"spiffe://clinic.test/agent/far\", address: \"https://127.0.0.1:1\"}]\n");
    CHECK(says(clinic.look(5, kQuietPorts), "peers", "failed", "spiffe://clinic.test/agent/far"));
  }
  SUBCASE("a file that a key names, with the key and its place") {
    clinic.configure("a2a: {card: {signing_keys: [old.pem]}}\n");
    auto const checks = clinic.look(4, kQuietPorts);
    CHECK(says(checks, "files", "failed", "a2a.card.signing_keys: ", "AW1008"));
    CHECK(says(checks, "files", "failed", "old.pem: No such file or directory", "AW1008"));
    CHECK(says(checks, "files", "failed", "config.yaml:9:", "AW1008"));
  }
  SUBCASE("a program that is to be run") {
    clinic.configure("identity: {on_svid_update: [no-such-program, x]}\n");
    CHECK(
        says(clinic.look(4, kQuietPorts), "files", "failed", "no such program in PATH", "AW1008"));
  }
  SUBCASE("a collector that takes what is reported") {
    clinic.configure("observability: {tracing: {endpoint: \"http://127.0.0.1:2\"}}\n");
    auto const checks = clinic.look(0, kQuietPorts);
    CHECK(says(checks, "services", "warning", "127.0.0.1:2: Connection refused", "AW8003"));
  }
  SUBCASE("an address of this machine") {
    auto const ports = " --set observability.metrics.port=0 --set server.admin.port=0";
    clinic.configure("server: {host: 192.0.2.1, port: 28443}\n");
    CHECK(says(clinic.look(1, ports), "listener", "failed", "server.host: an address of this",
               "AW8002"));
    clinic.configure("server: {host: agent.clinic.test, port: 28443}\n");
    CHECK(says(clinic.look(4, ports), "config", "failed", "must be an IP address or localhost",
               "AW1005"));
  }
  SUBCASE("a place for the development Workload API") {
    clinic.configure("identity: {provider: dev, dev: {socket: policy/authz.rego/agent.sock}}\n");
    CHECK(says(clinic.look(5, kQuietPorts), "files", "failed", "authz.rego is no directory",
               "AW5003"));
  }
  SUBCASE("a bundle from its service, while no last one is kept") {
    std::string const bundle = "bundle: {url: \"http://127.0.0.1:2/b.tar.gz\"}";
    clinic.configure("state: {directory: state}\n", bundle);
    CHECK(says(clinic.look(5, kQuietPorts), "policy", "failed", "every request is denied until",
               "AW3010"));
    clinic.write("state/policy-bundle.tar.gz", "the last one");
    CHECK(says(clinic.look(0, kQuietPorts), "policy", "warning", "the last good one is used",
               "AW3010"));
  }
  SUBCASE("an audit log that is a file, and no link to one") {
    std::filesystem::create_directory(clinic.shell.directory() / "audit");
    std::filesystem::create_symlink("/dev/null", clinic.shell.directory() / "audit/a.log");
    CHECK(says(clinic.look(1, kQuietPorts), "files", "failed", "a.log is a link", "AW6001"));
  }
  SUBCASE("a configuration without mistakes") {
    clinic.configure("sever: {port: 1}\n");
    CHECK(says(clinic.look(4), "config", "failed", "did you mean \"server\"", "AW1003"));
  }
}

TEST_CASE("doctor names what another process holds, and leaves it alone") {
  Clinic clinic;
  clinic.configure("state: {directory: state}\n");
  struct Row {
    char const* file;
    char const* what;
    char const* code;
  };
  for (auto const& row : {Row{"audit/a.log.lock", "authorization.audit.destination", "AW6001"},
                          Row{"state/tasks.journal.0", "state.directory", "AW8008"}}) {
    CAPTURE(row.file);
    clinic.write(row.file, "");
    aw::Fd const held(::open((clinic.shell.directory() / row.file).c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(held.get(), LOCK_EX) == 0);
    auto const checks = clinic.look(1, kQuietPorts);
    CHECK(says(checks, "files", "failed", "in use by process", row.code));
    CHECK(says(checks, "files", "failed", row.what, row.code));
  }
  CHECK(find(clinic.look(0, kQuietPorts), "files", "failed") == nullptr);
}

TEST_CASE("doctor says that kept tasks were set aside until somebody took them away") {
  Clinic clinic;
  clinic.configure("state: {directory: state}\n");
  clinic.write("state/tasks.unreadable/task-x", "{");
  CHECK(says(clinic.look(0, kQuietPorts), "files", "warning", "1 could not be read", "AW8008"));
  std::filesystem::rename(clinic.shell.directory() / "state/tasks.unreadable",
                          clinic.shell.directory() / "state/tasks.unreadable~");
  CHECK(find(clinic.look(0, kQuietPorts), "files", "warning") == nullptr);
}

TEST_CASE("doctor says who may read a key that only its owner should") {
  Clinic clinic;
  clinic.write("key.pem", "nothing");
  clinic.configure(
      "identity: {provider: mtls-static, certificate_path: cert.pem, private_key_path: key.pem, "
      "ca_cert_path: ca.pem}\n");
  ::chmod((clinic.shell.directory() / "key.pem").c_str(), 0644);
  CHECK(says(clinic.look(1, kQuietPorts), "files", "failed", "chmod 600", "AW5014"));
}

TEST_CASE("doctor waits until all is well, and no longer than it was told") {
  Clinic clinic;
  CHECK(clinic.shell.run("agentweave doctor -q --wait 30s " + kQuietPorts).exit == 0);
  clinic.shell.env["SPIFFE_ENDPOINT_SOCKET"] = "unix:///nowhere/api.sock";
  CHECK(clinic.shell.run("agentweave doctor -q --wait 10ms " + kQuietPorts).exit == 5);
}
