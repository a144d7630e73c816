// SPDX-License-Identifier: Apache-2.0
// The composer as an embedder uses it: a configuration, an identity of one's own, in-process
// handlers.
#include "core/runtime/runtime.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/identity/dev_issuer.h"
#include "core/identity/dev_provider.h"
#include "tests/unit/runtime/project.h"

using namespace aw;
using namespace aw::runtime;
using runtime::test::Project;

namespace {

std::size_t times(std::string const& text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE(
    "a trust domain that is allowed and has no bundle is told at start, and again when lost") {
  Project project;
  auto const agent = project.start(project.loaded(
      "identity: {allowed_trust_domains: [dev.test, eu.exmaple.com, us.example.com]}\n"));
  auto const first = project.log();
  CHECK(times(first, "AW1210") == 2);
  CHECK(times(first, "eu.exmaple.com") >= 1);
  auto& issuer = dynamic_cast<identity::DevProvider&>(agent->identity_provider()).issuer();
  REQUIRE(issuer.renew().ok());
  CHECK(times(project.log(), "AW1210") == 2);  // a rotation is no news
  auto const other = identity::DevIssuer::create(
      {.domain = identity::TrustDomain::parse("us.example.com").value(),
       .identities = {{.id = identity::SpiffeId::parse("spiffe://us.example.com/a").value(),
                       .name = "a",
                       .dns_names = {}}}},
      project.clock);
  REQUIRE(other.ok());
  REQUIRE(issuer.add_federated((*other)->bundle()).ok());
  CHECK(times(project.log(), "AW1210") == 2);
  REQUIRE(issuer.remove_federated((*other)->bundle().trust_domain()).ok());
  CHECK(times(project.log(), "AW1210") == 3);
  CHECK(agent->drain());
}

TEST_CASE("own domain and known bundles draw no warning") {
  Project project;
  auto const agent =
      project.start(project.loaded("identity: {allowed_trust_domains: [dev.test]}\n"));
  CHECK(times(project.log(), "AW1210") == 0);
}

TEST_CASE("the embedder's hook hears of the first SVID and of each rotation") {
  Project project;
  std::vector<std::string> seen;
  Seams seams;
  seams.on_svid_update = [&seen](identity::Svid const& svid) {
    seen.push_back(svid.leaf().serial_hex());
  };
  auto const agent = project.start(project.loaded(), std::move(seams));
  CHECK(seen.size() == 1);
  auto& issuer = dynamic_cast<identity::DevProvider&>(agent->identity_provider()).issuer();
  REQUIRE(issuer.renew().ok());
  CHECK(seen.size() == 2);
}

TEST_CASE("what cannot be built says so, and leaves nothing behind") {
  Project project;
  struct Row {
    char const* what;
    std::string more;
    Exit exit;
  };
  for (Row const& row : {
           Row{"no policy", "authorization: {policy_dir: nowhere}\n", Exit::invalid},
           Row{"an audit log in a file's place",
               "authorization: {policy_dir: policy, audit: {destination: "
               "\"file:///dev/null/x\"}}\n",
               Exit::failed},
           Row{"a state directory in a file's place", "state: {directory: /dev/null/x}\n",
               Exit::failed},
           Row{"an address that is not ours", "server: {host: 192.0.2.1}\n", Exit::failed},
       }) {
    CAPTURE(std::string(row.what));
    auto const loaded = project.load(
        "agent: {name: a, trust_domain: dev.test, environment: development}\n" +
            (row.more.starts_with("auth") ? std::string()
                                          : std::string("authorization: {policy_dir: policy, "
                                                        "audit: {destination: stderr}}\n")) +
            row.more,
        {"identity.provider=dev", "identity.dev.socket=" + (project.scratch / "api.sock").string(),
         "server.workers=1", "server.port=0", "server.admin.port=0", "observability.metrics.port=0",
         "observability.logging.output=file://" + (project.scratch / "agent.log").string()});
    auto const started = Runtime::start(loaded, project.clock, {}, {});
    REQUIRE_FALSE(started.ok());
    CHECK(exit_code(started.error().code) == row.exit);
    CHECK_FALSE(std::filesystem::exists(project.scratch / "api.sock"));
  }
}

TEST_CASE("a drain is recorded, happens once, and a stop without one is no crash") {
  Project project;
  auto agent = project.start(project.loaded());
  CHECK(agent->drain());
  CHECK(agent->drain());
  agent.reset();
  auto const audit = fs::read_file(project.scratch / "audit.log").value_or(std::string());
  CHECK(times(audit, "SHUTDOWN") == 1);
  CHECK(times(audit, "STARTUP") == 1);
  project.start(project.loaded()).reset();
}

TEST_CASE("a reload takes over what it may and names what needs a restart") {
  Project project;
  auto const agent = project.start(project.loaded());
  auto changed =
      project.loaded("server: {graceful_shutdown_seconds: 7, max_concurrent_requests: 5}\n");
  auto const changes = agent->reload(changed);
  REQUIRE(changes.ok());
  std::vector<std::string> restart;
  std::vector<std::string> now;
  for (auto const& change : *changes) {
    (change.effect == config::Effect::reloadable ? now : restart).push_back(change.key);
  }
  CHECK(now == std::vector<std::string>{"server.graceful_shutdown_seconds"});
  CHECK(restart == std::vector<std::string>{"server.max_concurrent_requests"});
  REQUIRE(fs::write_file_atomic(project.scratch / "policy/authz.rego", "package x\nallow if {",
                                fs::Mode::public_file)
              .ok());
  CHECK_FALSE(agent->reload(changed).ok());
  CHECK(project.log().find("new configuration refused") != std::string::npos);
}

TEST_CASE(
    "what was learned of other trust domains is read at start, and what cannot be read is told") {
  struct Row {
    char const* kept;
    bool starts;
  };
  for (Row const& row : {
           Row{R"({"version":1,"added":[],"bundles":{}})", true},
           Row{R"({"version":1,"added":[{"trust_domain":"eu.test","url":"https://localhost:1/"}]})",
               true},
           Row{"", false},
           Row{"{", false},
           Row{"[]", false},
           Row{R"({"added":[{"trust_domain":"EU test","url":"https://localhost:1/"}]})", false},
           Row{R"({"added":[{"trust_domain":"eu.test","url":"http://localhost:1/"}]})", false},
           Row{R"({"bundles":{"eu.test":{"seen":"2026-01-01T00:00:00Z","bundle":"{"}}})", false},
       }) {
    CAPTURE(std::string(row.kept));
    Project project;
    auto const state = project.scratch / "state";
    REQUIRE(fs::make_private_directory(state).ok());
    REQUIRE(
        fs::write_file_atomic(state / "federation.json", row.kept, fs::Mode::private_file).ok());
    auto const started = Runtime::start(
        project.loaded("state: {directory: \"" + state.string() + "\"}\n"), project.clock, {}, {});
    CHECK(started.ok() == row.starts);
    if (!started.ok()) CHECK(started.error().code == Code::state_unusable);
  }
}

TEST_CASE("what was kept and cannot be read is set aside and said, and the agent serves") {
  Project project;
  auto const state = project.scratch / "state";
  REQUIRE(fs::make_private_directory(state).ok());
  REQUIRE(fs::write_file_atomic(state / "tasks.journal.0", "no entry, and not what a crash leaves",
                                fs::Mode::private_file)
              .ok());
  for (int start = 0; start < 2; ++start) {
    auto const agent =
        project.start(project.loaded("state: {directory: \"" + state.string() + "\"}\n"));
    CHECK(times(project.log(), "AW8008") == 1);
    CHECK(times(project.log(), "bytes that are no entry") == 1);
    CHECK(agent->drain());
  }
  CHECK_FALSE(std::filesystem::is_empty(state / "tasks.unreadable"));
}
