// SPDX-License-Identifier: Apache-2.0
// The policy tools without a peer: formats, coverage, thresholds, bundles, benchmarks.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/fs.h"
#include "core/tls/private_key.h"
#include "policy_files.h"
#include "shell.h"

namespace {

using aw::json::Json;
using aw::testing::half_covered;
using aw::testing::one_failing;
using aw::testing::Shell;
using aw::testing::write_text;

}  // namespace

TEST_CASE("coverage below the threshold is exit 6, and -v shades the source") {
  Shell shell;
  half_covered();
  CHECK(shell.run("agentweave policy test p --threshold 40").exit == 0);
  auto const low = shell.run("agentweave policy test p --threshold 99");
  CHECK(low.exit == 6);
  CHECK(low.err.contains("is below 99.0%"));
  auto const shaded = shell.run("agentweave policy test p --coverage -v");
  CHECK(shaded.out.contains("p/a.rego  25.0%  not covered: 5,6,7\n"));
  CHECK(shaded.out.contains("    3 + allow if input.x == 1\n"));
  CHECK(shaded.out.contains("    6 -   input.y == 2\n"));
  CHECK_FALSE(shell.run("agentweave policy test p --coverage").out.contains(" + allow"));
  auto const machine = Json::parse(shell.run("agentweave policy test p --coverage -f json").out);
  CHECK(machine["files"]["p/a.rego"]["not_covered"] ==
        Json::parse(R"([{"start": {"row": 5}, "end": {"row": 7}}])"));
  CHECK(machine["files"]["p/a.rego"]["not_covered_lines"] == 3);
}

TEST_CASE("JUnit and the forge's own format tell each failure with its place") {
  Shell shell;
  one_failing();
  auto const junit = shell.run("agentweave policy test p --format junit");
  CHECK(junit.exit == 1);
  CHECK(
      junit.out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
                            "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">\n"));
  CHECK(junit.out.contains("<testsuite name=\"data.b_test\" tests=\"2\" failures=\"1\""));
  CHECK(junit.out.contains("name=\"test_two\" file=\"p/b_test.rego\" line=\"5\""));
  CHECK(junit.out.contains("<failure message="));
  CHECK(junit.out.contains("<skipped/>"));
  auto const github = shell.run("agentweave policy test p --format github");
  CHECK(github.exit == 1);
  CHECK(
      github.out.contains("::error file=p/b_test.rego,line=5,title=policy test failed::"
                          "data.b_test.test_two"));
  CHECK(github.out.contains("::notice title=policy tests::1 of 3 pass\n"));
}

TEST_CASE("a pattern chooses tests, and one that is none is a usage error") {
  Shell shell;
  one_failing();
  CHECK(shell.run("agentweave policy test p --run '^data.a_test'").out.contains("PASS: 1/1"));
  CHECK(shell.run("agentweave policy test p --run '('").exit == 2);
  CHECK(shell.run("agentweave policy test p --run nothing_like_it").exit == 1);
}

TEST_CASE("a policy that does not compile is exit 4 for every tool") {
  Shell shell;
  write_text("p/a.rego", "package a\n\nallow if {\n");
  for (std::string const command :
       {"check p", "test p", "eval -d p data.a.allow", "bench -d p data.a.allow", "build p"}) {
    CAPTURE(command);
    CHECK(shell.run("agentweave policy " + command).exit == 4);
  }
  auto const faults = Json::parse(shell.run("agentweave policy check p --format json").out);
  CHECK(faults["errors"][0]["location"]["file"] == "p/a.rego");
}

TEST_CASE("what an editor of another system leaves in a file is no error, as for OPA") {
  Shell shell;
  std::string const mark = "\xEF\xBB\xBF";
  write_text("p/a.rego", mark + "package a\r\n\r\nimport rego.v1\r\n\r\nallow if input.x == 1\r\n");
  write_text("in.json", mark + "{\"x\": 1}\r\n");
  CHECK(shell.run("agentweave policy check p").exit == 0);
  auto const file = shell.run("agentweave policy eval -d p -i in.json data.a.allow -f raw");
  CHECK(file.out == "true\n");
  shell.input = mark + "{\"x\": 2}";
  auto const other = shell.run("agentweave policy eval -d p -I data.a.allow -f raw");
  CHECK(other.exit == 0);
  CHECK(other.out.empty());
  write_text("p/a.rego", mark + "pakage a\n");
  CHECK(shell.run("agentweave policy check p").out.contains("p/a.rego:1:1: "));
}

TEST_CASE("bench measures, and refuses to measure nothing") {
  Shell shell;
  half_covered();
  auto const ran = shell.run(
      "agentweave policy bench -d p -i '{\"x\":1}' --count 100 --format json data.a.allow");
  INFO(ran.err);
  REQUIRE(ran.exit == 0);
  auto const machine = Json::parse(ran.out);
  CHECK(machine[0]["name"] == "data.a.allow");
  CHECK(machine[0]["n"] == 100);
  CHECK(machine[0]["p50_ns"].get<std::int64_t>() <= machine[0]["p99_ns"].get<std::int64_t>());
  CHECK(shell.run("agentweave policy bench -d p --count 10 data.a.allow").exit == 1);
  CHECK(shell.run("agentweave policy bench -d p --count 10 --fail false data.a.allow").exit == 0);
}

TEST_CASE("build makes the same bytes of the same files, signs them, and checks what it is given") {
  Shell shell;
  half_covered();
  auto const key = aw::tls::PrivateKey::generate(aw::tls::KeyType::ed25519);
  REQUIRE(key.ok());
  write_text("key.pem", key->pem()->reveal());
  auto const line = std::string("agentweave policy build p --revision r1 --signing-key key.pem");
  REQUIRE(shell.run(line + " -o one.tar.gz").exit == 0);
  REQUIRE(shell.run(line + " -o two.tar.gz").exit == 0);
  CHECK(*aw::fs::read_file("one.tar.gz") == *aw::fs::read_file("two.tar.gz"));
  CHECK(shell.run("agentweave policy test -b one.tar.gz").out.contains("PASS: 1/1"));
  CHECK(shell.run("agentweave policy build p -o x.tar.gz --root elsewhere").exit == 4);
  auto const hmac = std::string("--signing-alg HS256 --signing-key 'a secret of enough bytes'");
  REQUIRE(shell.run("agentweave policy build p -o h.tar.gz " + hmac).exit == 0);
  CHECK(shell
            .run("agentweave policy build -b h.tar.gz -o again.tar.gz --signing-alg HS256 "
                 "--verification-key 'a secret of enough bytes'")
            .exit == 0);
  auto const refused = shell.run(
      "agentweave policy build -b h.tar.gz -o again.tar.gz --signing-alg HS256 "
      "--verification-key 'another secret of enough'");
  CHECK(refused.exit == 7);
  CHECK(refused.err.contains("AW2010"));
}

TEST_CASE("a bundle on standard output is the one a file would hold, and nothing else") {
  Shell shell;
  half_covered();
  REQUIRE(shell.run("agentweave policy build p -o b.tar.gz").exit == 0);
  auto const ran = shell.run("agentweave policy build p -o -");
  CHECK(ran.exit == 0);
  CHECK(ran.out == aw::fs::read_file("b.tar.gz").value());
  CHECK_FALSE(std::filesystem::exists("-"));
}

TEST_CASE("build refuses what fails its own tests") {
  Shell shell;
  one_failing();
  auto const ran = shell.run("agentweave policy build p -o b.tar.gz");
  CHECK(ran.exit == 1);
  CHECK_FALSE(std::filesystem::exists("b.tar.gz"));
}
