// SPDX-License-Identifier: Apache-2.0
// `agentweave config …` as a shell would run it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "commands/config_report.h"
#include "core/base/fs.h"
#include "core/config/reference.h"
#include "shell.h"
#include "tests/support/source_dir.h"

using aw::testing::Shell;

namespace {

void write(std::string const& name, std::string const& text) { std::ofstream(name) << text; }

const std::string kGood = "agent: {name: billing, trust_domain: corp.example}\n";
const std::string kLogOnly =
    kGood + "authorization:\n  policy_dir: policies\n  default_action: log-only\n";

std::string read(std::string const& name) {
  return aw::fs::read_file(name).value_or(std::string());
}

}  // namespace

TEST_CASE("config validate says what is wrong as a compiler would, and exits 4") {
  Shell shell;
  write("agent.yaml", kLogOnly);
  auto const ran = shell.run("agentweave config validate agent.yaml --env production");
  CHECK(ran.exit == 4);
  CHECK(ran.out ==
        "error[AW1002]: Security violation: 'log-only' mode not allowed in production environment\n"
        "  --> agent.yaml:4:19\n"
        "  |\n"
        "4 |   default_action: log-only\n"
        "  |                   ^^^^^^^^ use \"deny\"\n"
        "1 file, 5 keys      1 error, 0 warnings\n");
  CHECK(shell.run("agentweave validate agent.yaml --env development").exit == 0);
}

TEST_CASE("config validate names what only development allows") {
  Shell shell;
  write("agent.yaml", kLogOnly);
  auto const ran = shell.run("agentweave config validate agent.yaml --env development");
  CHECK(ran.err == "development only: authorization.default_action=log-only\n");
  CHECK(ran.out == "1 file, 5 keys, valid for development      0 errors, 0 warnings\n");
}

TEST_CASE("config validate calls a good file production-ready") {
  Shell shell;
  write("config.yaml", kGood);
  auto const ran = shell.run("agentweave config validate");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "1 file, 2 keys, production-ready      0 errors, 0 warnings\n");
}

TEST_CASE("config validate reads standard input") {
  Shell shell;
  shell.input = kGood;
  CHECK(shell.run("agentweave config validate -").exit == 0);
  shell.input = "agent: [";
  CHECK(shell.run("agentweave config validate -").exit == 4);
}

TEST_CASE("warnings fail only when asked to") {
  Shell shell;
  write("a.yaml", kGood + "server: {port: 8080}\n");
  CHECK(shell.run("agentweave config validate a.yaml").exit == 0);
  CHECK(shell.run("agentweave config validate a.yaml --strict").exit == 4);
  CHECK(shell.run("agentweave validate a.yaml --warnings-as-errors").exit == 4);
}

TEST_CASE("files checked together know each other's trust domains") {
  Shell shell;
  write("a.yaml", kGood + "identity: {allowed_trust_domains: [corp.example, eu.exmaple.com]}\n");
  write("b.yaml", "agent: {name: b, trust_domain: eu.example.com}\n");
  auto const ran = shell.run("agentweave config validate a.yaml b.yaml");
  CHECK(ran.exit == 0);
  CHECK(
      ran.out.find("warning[AW1210]: trust domain \"eu.exmaple.com\" is allowed but no federation "
                   "source provides its bundle\n  --> a.yaml:2:50") != std::string::npos);
  CHECK(ran.out.find("did you mean \"eu.example.com\" (b.yaml:1)?") != std::string::npos);
}

TEST_CASE("one run writes several reports") {
  Shell shell;
  write("a.yaml", kLogOnly + "server: {port: 8080}\n");
  auto const ran = shell.run(
      "agentweave config validate a.yaml --format github,json=a.json,sarif=a.sarif,junit=a.xml");
  CHECK(ran.exit == 4);
  CHECK(
      ran.out.starts_with("::error file=a.yaml,line=4,col=19,title=AW1002::Security violation: "
                          "'log-only' mode not allowed in production environment: use \"deny\"\n"));
  CHECK(ran.out.find("::warning file=a.yaml,line=5,col=16,title=AW1202::") != std::string::npos);
  CHECK(ran.err.find("error[AW1002]") != std::string::npos);

  auto const json = nlohmann::json::parse(read("a.json"));
  CHECK(json["valid"] == false);
  CHECK(json["errors"][0]["path"] == "authorization.default_action");
  CHECK(json["errors"][0]["field"] == "authorization.default_action");
  CHECK(json["errors"][0]["value"] == "log-only");
  CHECK(json["errors"][0]["line"] == 4);
  CHECK(json["errors"][0]["code"] == "AW1002");
  CHECK(json["errors"][0]["error"] == json["errors"][0]["message"]);
  CHECK(json["warnings"].size() == 1);

  auto const sarif = nlohmann::json::parse(read("a.sarif"));
  CHECK(sarif["version"] == "2.1.0");
  auto const& result = sarif["runs"][0]["results"][0];
  CHECK(result["ruleId"] == "AW1002");
  CHECK(result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 19);

  std::string const xml = read("a.xml");
  CHECK(xml.find("<testsuites name=\"agentweave\" tests=\"1\" failures=\"1\">") !=
        std::string::npos);
  CHECK(xml.find("<failure type=\"AW1002\"") != std::string::npos);
}

TEST_CASE("an unknown report format is a usage error") {
  Shell shell;
  write("a.yaml", kGood);
  CHECK(shell.run("agentweave config validate a.yaml --format xml").exit == 2);
  CHECK(shell.run("agentweave config validate a.yaml --format json=").exit == 2);
}

TEST_CASE("-o json gives the envelope around the same facts") {
  Shell shell;
  write("a.yaml", kLogOnly);
  auto const ran = shell.run("agentweave -o json config validate a.yaml");
  CHECK(ran.exit == 4);
  auto const json = nlohmann::json::parse(ran.out);
  CHECK(json["kind"] == "ConfigValidation");
  CHECK(json["data"]["valid"] == false);
}

TEST_CASE("reports escape what they carry") {
  aw::commands::ConfigReport report;
  report.files = {"a,b:c.yaml"};
  aw::config::Diagnostic one;
  one.message = "50% <of> \"it\"\nnext";
  one.place.file = "a,b:c.yaml";
  one.place.line = 1;
  one.place.column = 1;
  report.diagnostics = {one};
  CHECK(aw::commands::report_github(report) ==
        "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=AW1001::50%25 <of> \"it\"%0Anext\n");
  CHECK(aw::commands::report_junit(report).find("50% &lt;of&gt; &quot;it&quot;") !=
        std::string::npos);
}

TEST_CASE("config show prints what is in force, masked, with origins on request") {
  Shell shell;
  write("a.yaml", kGood + "authorization: {opa_token: hunter2}\n");
  shell.env["AGENTWEAVE_SERVER_HOST"] = "127.0.0.1";
  auto const ran = shell.run("agentweave config show a.yaml --set server.port=9443");
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("hunter2") == std::string::npos);
  CHECK(ran.out.find("  port: 9443\n") != std::string::npos);
  auto const origins = shell.run("agentweave config show a.yaml --origins --set server.port=9443");
  CHECK(origins.out.find("# --set server.port\n") != std::string::npos);
  CHECK(origins.out.find("# AGENTWEAVE_SERVER_HOST\n") != std::string::npos);
  CHECK(origins.out.find("# a.yaml:1:15\n") != std::string::npos);
  auto const json = nlohmann::json::parse(shell.run("agentweave config show a.yaml -o json").out);
  CHECK(json["data"]["agent"]["name"] == "billing");
  CHECK(json["data"]["authorization"]["opa_token"] == "[redacted]");
}

TEST_CASE("config show of a bad file says why and exits 4") {
  Shell shell;
  write("a.yaml", kLogOnly);
  auto const ran = shell.run("agentweave config show a.yaml");
  CHECK(ran.exit == 4);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("Security violation: 'log-only' mode not allowed in production environment") !=
        std::string::npos);
}

TEST_CASE("a command line that makes no sense exits 2 wherever a configuration is read") {
  Shell shell;
  write("a.yaml", kGood);
  for (auto const* const command : {"config validate", "config show", "serve"}) {
    for (auto const* const wrong : {" --set server.port", " --env nonsense"}) {
      auto const line = "agentweave " + std::string(command) + " a.yaml" + wrong;
      CAPTURE(line);
      CHECK(shell.run(line).exit == 2);
    }
  }
  CHECK(shell.run("agentweave config validate a.yaml --set server.port=abc").exit == 4);
}

TEST_CASE("serve says what is wrong once, and of a flag at the flag") {
  Shell shell;
  write("a.yaml", kLogOnly);
  auto const ran = shell.run("agentweave serve a.yaml");
  CHECK(ran.exit == 4);
  CHECK(ran.err.ends_with("error    AW1002 a.yaml is not usable: 1 error\n"));
  auto const first = ran.err.find("Security violation");
  REQUIRE(first != std::string::npos);
  CHECK(ran.err.find("Security violation", first + 1) == std::string::npos);
  auto const json = nlohmann::json::parse(shell.run("agentweave serve a.yaml -o json").out);
  CHECK(json["error"]["message"].get<std::string>().starts_with("a.yaml:4:19: Security"));

  auto const port = shell.run("agentweave serve a.yaml --env development --port abc");
  CHECK(port.exit == 2);
  CHECK(port.err.contains("  --> --port\n"));
  CHECK_FALSE(port.err.contains("--set"));
  CHECK(port.err.ends_with("error    AW8001 the command line is not usable: 1 error\n"));
}

TEST_CASE("config explain answers for settings, sections and typing errors") {
  Shell shell;
  auto const port = shell.run("agentweave config explain server.port");
  CHECK(port.exit == 0);
  CHECK(port.out.find("default      8443\n") != std::string::npos);
  CHECK(shell.run("agentweave config explain").exit == 0);
  auto const typo = shell.run("agentweave config explain server.prt");
  CHECK(typo.exit == 4);
  CHECK(typo.err.find("did you mean \"server.port\"?") != std::string::npos);
}

TEST_CASE("a misspelt variable is warned of wherever a configuration is looked at") {
  Shell shell;
  write("a.yaml", kGood);
  shell.env["AGENTWEAVE_SEVER_PORT"] = "8444";
  for (auto const* const command :
       {"agentweave config validate a.yaml", "agentweave config show a.yaml",
        "agentweave config explain server.port"}) {
    CAPTURE(std::string(command));
    auto const ran = shell.run(command);
    CHECK(ran.exit == 0);
    CHECK((ran.out + ran.err).find("did you mean AGENTWEAVE_SERVER_PORT?") != std::string::npos);
  }
  CHECK(shell.run("agentweave config validate a.yaml --strict").exit != 0);
}

TEST_CASE("config schema prints a JSON Schema") {
  Shell shell;
  auto const ran = shell.run("agentweave config schema");
  CHECK(ran.exit == 0);
  CHECK(nlohmann::json::parse(ran.out)["$schema"] ==
        "https://json-schema.org/draft/2020-12/schema");
}

TEST_CASE("generated: docs/configuration.md is what the program writes") {
  std::filesystem::path const path = aw::testing::source_dir() / "docs/configuration.md";
  auto const* update = std::getenv("AW_UPDATE");  // NOLINT(concurrency-mt-unsafe): one thread
  if (update != nullptr && std::string_view(update) == "1") {
    REQUIRE(aw::fs::write_file_atomic(path, aw::config::reference_page(), aw::fs::Mode::public_file)
                .ok());
  }
  auto const committed = aw::fs::read_file(path);
  REQUIRE(committed.ok());
  bool const same = *committed == aw::config::reference_page();
  CHECK_MESSAGE(same, "docs/configuration.md is out of date (AW_UPDATE=1 renews it)");
}

TEST_CASE("config validate --policy compiles the policies and runs their tests") {
  Shell shell;
  write("a.yaml", kGood);
  std::filesystem::create_directory("policy");
  write("policy/authz.rego",
        "package agentweave.authz\n\nimport rego.v1\n\ndefault allow := false\n\n"
        "allow if input.action == \"echo\"\n");
  write("policy/authz_test.rego",
        "package agentweave.authz_test\n\nimport rego.v1\n\nimport data.agentweave.authz\n\n"
        "asks(action) := {\"action\": action}\n"
        "test_echo if authz.allow with input as asks(\"echo\")\n\n"
        "test_planner_cannot_refund if authz.allow with input as {\"action\": \"refund\"}\n");
  auto const failing = shell.run("agentweave config validate a.yaml --policy policy");
  CHECK(failing.exit == 4);
  CHECK(failing.out.find("error[AW2007]: policy test failed: test_planner_cannot_refund") !=
        std::string::npos);
  CHECK(failing.out.find("--> policy/authz_test.rego:10:1") != std::string::npos);
  CHECK(failing.out.find("1 file, 2 rules, 2 tests (1 pass), coverage ") != std::string::npos);

  std::filesystem::remove("policy/authz_test.rego");
  CHECK(shell.run("agentweave config validate a.yaml --policy policy").exit == 0);
  write("policy/broken.rego", "package x\n\nallow if {\n");
  CHECK(shell.run("agentweave config validate a.yaml --policy policy").exit == 4);
  CHECK(shell.run("agentweave config validate a.yaml --policy nowhere").exit == 4);
}
