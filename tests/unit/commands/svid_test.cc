// SPDX-License-Identifier: Apache-2.0
// The identity commands against a Workload API in this process.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "core/base/fs.h"
#include "core/identity/dev_issuer.h"
#include "core/identity/workload_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/commands/shell.h"

namespace {

using aw::identity::DevIssuer;
using aw::identity::SpiffeId;
using aw::identity::TrustDomain;
using aw::json::Json;

std::unique_ptr<DevIssuer> issuer_of(std::string const& domain, aw::Clock const& clock) {
  auto const id = [&](std::string const& path) {
    return SpiffeId::parse("spiffe://" + domain + path).value();
  };
  return DevIssuer::create(
             {.domain = TrustDomain::parse(domain).value(),
              .identities = {{.id = id("/agent/hello"), .name = "hello", .dns_names = {}},
                             {.id = id("/agent/client"), .name = "client", .dns_names = {}}}},
             clock)
      .value();
}

struct Bench {
  aw::testing::TempDir scratch;
  aw::SystemClock clock;
  std::unique_ptr<DevIssuer> issuer = issuer_of("dev.test", clock);
  std::unique_ptr<aw::identity::WorkloadServer> server =
      aw::identity::WorkloadServer::start(scratch / "api.sock", *issuer, clock).value();
  aw::testing::Shell shell;

  Bench() { shell.env["SPIFFE_ENDPOINT_SOCKET"] = server->address(); }
  Json product(std::string const& line) {
    auto const ran = shell.run(line + " -o json");
    CAPTURE(ran.err);
    REQUIRE(ran.exit == 0);
    return Json::parse(ran.out).at("data");
  }
};

bool holds(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

unsigned mode_of(std::filesystem::path const& path) {
  struct stat info{};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE("svid show says who we are, who vouches for it and how long") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid show");
  CHECK(ran.exit == 0);
  CHECK(ran.out.starts_with("spiffe://dev.test/agent/hello   leaf "));
  CHECK(holds(ran.out, "left 59m (9"));
  CHECK(holds(ran.out, "next rotation in 29m"));
  CHECK(holds(ran.out, "federated: none"));
  auto const data = bench.product("agentweave svid show");
  REQUIRE(data.at("svids").size() == 2);
  CHECK(data.at("svids")[0].at("trusted") == true);
  CHECK(data.at("svids")[1].at("hint") == "client");
  CHECK(data.at("svids")[0].at("issuer_fingerprint_sha256") ==
        data.at("bundle").at("x509_authorities")[0].at("fingerprint_sha256"));
}

TEST_CASE("svid check exits 6 when the threshold is met, and only then") {
  Bench bench;
  CHECK(bench.shell.run("agentweave svid check").exit == 0);
  CHECK(bench.shell.run("agentweave svid check --expires-in 10m").exit == 0);
  CHECK(bench.shell.run("agentweave svid check --expires-in 100%").exit == 6);
  CHECK(bench.shell.run("agentweave svid check --expires-in 2h").exit == 6);
  CHECK(bench.shell.run("agentweave svid check --expires-in 101%").exit == 2);
  CHECK(bench.shell.run("agentweave svid check --expires-in soon").exit == 2);
  auto const quiet = bench.shell.run("agentweave svid check --expires-in 2h -q");
  CHECK(quiet.exit == 6);
  CHECK(quiet.out.empty());
}

TEST_CASE("svid fetch writes files that fit together, the key for its owner only") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid fetch --as client --out certs/new");
  CHECK(ran.exit == 0);
  CHECK(ran.out.starts_with("wrote svid.pem svid.key bundle.pem   valid 60m"));
  auto const directory = bench.shell.directory() / "certs/new";
  CHECK(mode_of(directory / "svid.key") == 0600);
  auto const leaf =
      aw::tls::Certificate::parse_pem(aw::fs::read_file(directory / "svid.pem").value()).value();
  auto const key =
      aw::tls::PrivateKey::from_pem(aw::fs::read_file(directory / "svid.key").value()).value();
  CHECK(leaf.uri_sans() == std::vector<std::string>{"spiffe://dev.test/agent/client"});
  CHECK(key.matches(leaf));
  CHECK(aw::fs::read_file(directory / "bundle.pem").value() == bench.issuer->bundle().pem());
  // Again over the old files, as cron does.
  CHECK(bench.shell.run("agentweave svid fetch --out certs/new").exit == 0);
  CHECK(mode_of(directory / "svid.key") == 0600);
}

TEST_CASE("svid fetch for a name we do not have says which we have") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid fetch --as admin --out x");
  CHECK(ran.exit == 5);
  CHECK(holds(ran.err, "no SVID is called \"admin\""));
  CHECK(holds(ran.err, "spiffe://dev.test/agent/client"));
  CHECK_FALSE(std::filesystem::exists(bench.shell.directory() / "x"));
}

TEST_CASE("svid jwt prints nothing but the token") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid jwt --aud billing --as client");
  CHECK(ran.exit == 0);
  auto token = ran.out;
  REQUIRE(token.ends_with('\n'));
  token.pop_back();
  auto const state = *bench.issuer->snapshots().latest().value;
  auto const verified =
      aw::identity::verify_jwt_svid(token, "billing", state.bundles, bench.clock.now());
  REQUIRE(verified.ok());
  CHECK(verified->id.text() == "spiffe://dev.test/agent/client");
  CHECK(bench.shell.run("agentweave svid jwt").exit == 2);
}

TEST_CASE("svid watch prints a line per update and stops after the count") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid watch -n 1");
  CHECK(ran.exit == 0);
  CHECK(holds(ran.out, "  received     spiffe://dev.test/agent/hello   leaf "));
  auto const line = bench.shell.run("agentweave svid watch -n 1 -o jsonl");
  auto const event = Json::parse(line.out);
  CHECK(event.at("event") == "received");
  CHECK(event.at("spiffe_id") == "spiffe://dev.test/agent/hello");
}

TEST_CASE("bundle show lists trust domains and prints documents") {
  Bench bench;
  auto const other = issuer_of("other.test", bench.clock);
  REQUIRE(bench.issuer->add_federated(other->bundle()).ok());
  auto const list = bench.shell.run("agentweave bundle show");
  CHECK(list.exit == 0);
  CHECK(holds(list.out, "dev.test     own         CAs: "));
  CHECK(holds(list.out, "other.test   federated   CAs: "));
  CHECK(bench.shell.run("agentweave bundle show other.test --format pem").out ==
        other->bundle().pem());
  auto const document = Json::parse(bench.shell.run("agentweave bundle show --format spiffe").out);
  CHECK(document.at("keys").size() == 2);
  CHECK(bench.product("agentweave bundle show spiffe://other.test").size() == 1);
  auto const missing = bench.shell.run("agentweave bundle show none.test --format pem");
  CHECK(missing.exit == 5);
  CHECK(holds(missing.err, "no bundle of none.test here"));
}

TEST_CASE("identity commands exit 5 when nobody answers or we are denied, 2 for a bad address") {
  Bench bench;
  REQUIRE(bench.issuer->withdraw().ok());
  for (std::string const line :
       {"svid show", "svid check", "svid jwt --aud x", "svid fetch", "bundle show"}) {
    CAPTURE(line);
    auto const denied = bench.shell.run("agentweave " + line);
    CHECK(denied.exit == 5);
    CHECK(holds(denied.err, "AW5004"));
    auto const absent = bench.shell.run("agentweave " + line + " --socket /nowhere/api.sock");
    CHECK(absent.exit == 5);
    CHECK(holds(absent.err, "connect unix:///nowhere/api.sock: no such file or directory"));
    CHECK(bench.shell.run("agentweave " + line + " --socket tcp://localhost:1").exit == 2);
  }
  auto const watch = bench.shell.run("agentweave svid watch -t 300ms");
  CHECK(watch.exit == 5);
  CHECK(holds(watch.err, "no SVID within 300ms"));
}
