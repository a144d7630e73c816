// SPDX-License-Identifier: Apache-2.0
// The identity commands against a Workload API in this process.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "commands/bundle_watch.h"
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
    CAPTURE(ran.out);
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

// What a process substitution is to the command.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    reader_ = aw::Fd(ends[0]);
    writer_ = aw::Fd(ends[1]);
  }
  [[nodiscard]] int writer() const { return writer_.get(); }
  std::string text() {
    writer_.reset();
    std::string out;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::read(reader_.get(), part.data(), part.size())) > 0;) {
      out.append(part.data(), static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  aw::Fd reader_;
  aw::Fd writer_;
};

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

TEST_CASE("svid fetch --fd hands the parts over open descriptors and writes no file") {
  Bench bench;
  Pipe key;
  Pipe bundle;
  auto const ran = bench.shell.run(
      "agentweave svid fetch --as client --fd cert,key=" + std::to_string(key.writer()) +
      ",bundle=" + std::to_string(bundle.writer()));
  CAPTURE(ran.err);
  REQUIRE(ran.exit == 0);
  auto const leaf = aw::tls::Certificate::parse_pem(ran.out).value();
  CHECK(leaf.uri_sans() == std::vector<std::string>{"spiffe://dev.test/agent/client"});
  CHECK(aw::tls::PrivateKey::from_pem(key.text()).value().matches(leaf));
  CHECK(bundle.text() == bench.issuer->bundle().pem());
  CHECK(std::filesystem::is_empty(bench.shell.directory()));
}

TEST_CASE("svid fetch --fd all is one document that fits together") {
  Bench bench;
  auto const ran = bench.shell.run("agentweave svid fetch --fd all");
  REQUIRE(ran.exit == 0);
  auto const chain = aw::tls::Certificate::parse_pem_chain(ran.out).value();
  CHECK(chain.size() == 2);  // leaf and authority
  CHECK(aw::tls::PrivateKey::from_pem(ran.out).value().matches(chain[0]));
}

TEST_CASE("svid fetch --fd refuses what is no open descriptor, before it asks for anything") {
  Bench bench;
  for (std::string const words :
       {"nothing", "key=", "key=x", "key=-1", "key=0", "cert=99999999999", "key=913", "=3"}) {
    CAPTURE(words);
    auto const ran = bench.shell.run("agentweave svid fetch --socket /nowhere --fd " + words);
    CHECK(ran.exit == 2);
    CHECK(holds(ran.err, "--fd"));
  }
}

TEST_CASE("bundle watch tells which authority signs, and what a rotation changes") {
  Bench bench;
  auto const first = bench.shell.run("agentweave bundle watch -n 1");
  CAPTURE(first.err);
  REQUIRE(first.exit == 0);
  CHECK(holds(first.out, " dev.test  CAs: "));
  CHECK(holds(first.out, "…(active)"));
  REQUIRE(bench.issuer->rotate_ca().ok());
  auto const second = bench.shell.run("agentweave bundle watch -n 1 -o jsonl");
  auto const event = Json::parse(second.out);
  CHECK(event.at("trust_domain") == "dev.test");
  REQUIRE(event.at("authorities").size() == 2);
  std::multiset<std::string> roles;
  for (auto const& one : event.at("authorities")) roles.insert(one.at("role").get<std::string>());
  CHECK(roles.contains("active"));
  CHECK(bench.shell.run("agentweave bundle watch none.test -n 1").exit == 5);
  CHECK(bench.shell.run("agentweave bundle watch --agents -n 1 --config none.yaml").exit == 4);
  bench.shell.env["AGENTWEAVE_AGENT_NAME"] = "x";
  CHECK(bench.shell.run("agentweave bundle watch --socket /nowhere -n 1 -t 100ms").exit == 5);
}

TEST_CASE("an authority's role follows from who signs and from its age") {
  Bench bench;
  auto const before = bench.issuer->bundle();
  auto const old = before.x509_authorities()[0].fingerprint_sha256();
  REQUIRE(bench.issuer->rotate_ca().ok());
  auto const both = bench.issuer->bundle();
  REQUIRE(both.x509_authorities().size() == 2);
  auto const role_of = [&](std::string const& active, std::string const& whose) {
    for (auto const& one : aw::commands::authorities_of(both, active)) {
      if (one.fingerprint == whose) return one.role;
    }
    FAIL("no such authority");
    return aw::commands::AuthorityRole::unknown;
  };
  using aw::commands::AuthorityRole;
  CHECK(role_of(old, old) == AuthorityRole::active);
  CHECK(role_of("", old) == AuthorityRole::unknown);
  CHECK(role_of("ffff", old) == AuthorityRole::unknown);
}

TEST_CASE("agents are counted by the authority that signs them, the silent ones apart") {
  aw::commands::AgentIssuers const agents = {
      {"spiffe://a/1", "d07a11"}, {"spiffe://a/2", "8c1f22"}, {"spiffe://a/3", ""}};
  CHECK(aw::commands::agents_text(agents, "d07a11") == "agents 1/3 on d07a…, 1 silent");
  CHECK(aw::commands::agents_text(agents, "") == "agents 0/3 on none, 1 silent");
  CHECK(aw::commands::agents_text({}, "d07a11") == "agents 0/0 on d07a…");
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

TEST_CASE("without a socket named, the one of this user's `agentweave dev` is asked") {
  Bench bench;
  bench.shell.env.erase("SPIFFE_ENDPOINT_SOCKET");
  bench.shell.env["XDG_RUNTIME_DIR"] = bench.scratch.path().string();
  auto const directory = bench.scratch / "agentweave";
  REQUIRE(aw::fs::make_private_directory(directory).ok());
  auto const dev =
      aw::identity::WorkloadServer::start(directory / "agent.sock", *bench.issuer, bench.clock);
  REQUIRE(dev.ok());
  for (std::string const line : {"svid show", "svid check", "bundle show"}) {
    CAPTURE(line);
    auto const ran = bench.shell.run("agentweave " + line);
    CAPTURE(ran.err);
    CHECK(ran.exit == 0);
  }
  CHECK(bench.product("agentweave svid show").at("svids").size() == 2);
}

TEST_CASE("a directory that others may write to gives nobody an identity") {
  Bench bench;
  bench.shell.env.erase("SPIFFE_ENDPOINT_SOCKET");
  bench.shell.env["XDG_RUNTIME_DIR"] = bench.scratch.path().string();
  auto const directory = bench.scratch / "agentweave";
  REQUIRE(aw::fs::make_private_directory(directory).ok());
  auto const planted =
      aw::identity::WorkloadServer::start(directory / "agent.sock", *bench.issuer, bench.clock);
  REQUIRE(planted.ok());
  REQUIRE(chmod(directory.c_str(), 0777) == 0);
  for (std::string const line : {"svid show", "bundle show", "call hello greet {}", "ping hello"}) {
    CAPTURE(line);
    auto const ran = bench.shell.run("agentweave " + line);
    CHECK(ran.exit != 0);
    CHECK(holds(ran.err, "can be changed by others"));
    CHECK(holds(ran.err, "SPIFFE_ENDPOINT_SOCKET"));
  }
}
