// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/identity_keeper.h"

#include <doctest/doctest.h>

#include <fstream>
#include <future>

#include "core/base/fs.h"
#include "core/identity/dev_issuer.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::runtime;
using namespace std::chrono_literals;
using identity::DevIssuer;
using identity::SpiffeId;
using identity::TrustDomain;

namespace {

// What a Workload API is to the keeper: passes on what an issuer has, as often as told.
class Issued final : public identity::IdentityProvider {
 public:
  explicit Issued(DevIssuer& issuer) : issuer_(issuer) {}

  Result<void> start(io::Watch<identity::Snapshot>& watch) override {
    watch_ = &watch;
    deliver();
    return {};
  }
  void stop() override {}
  [[nodiscard]] identity::ProviderStatus status() const override {
    return {.state = state, .last_error = std::nullopt, .last_update = {}, .failures = failures};
  }
  void deliver() { watch_->publish(issuer_.snapshots().latest().value); }
  void deliver(identity::Snapshot snapshot) { watch_->publish(std::move(snapshot)); }

  identity::ProviderState state = identity::ProviderState::serving;
  std::uint64_t failures = 0;

 private:
  DevIssuer& issuer_;
  io::Watch<identity::Snapshot>* watch_ = nullptr;
};

struct Bench {
  testing::TempDir scratch;
  testing::ManualClock clock;
  std::unique_ptr<DevIssuer> issuer =
      DevIssuer::create({.domain = TrustDomain::parse("dev.test").value(),
                         .identities = {{.id = SpiffeId::parse("spiffe://dev.test/agent/a").value(),
                                         .name = "a",
                                         .dns_names = {}}},
                         .svid_ttl = 1h},
                        clock)
          .value();
  Issued provider{*issuer};
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;
  std::unique_ptr<IdentityKeeper> keeper;

  explicit Bench(std::vector<std::string> command = {}) {
    keeper = std::make_unique<IdentityKeeper>(IdentityKeeper::Needs{.provider = provider,
                                                                    .spec = {},
                                                                    .on_update = std::move(command),
                                                                    .clock = clock,
                                                                    .log = *quiet,
                                                                    .metrics = registry});
  }
  void start() { REQUIRE(keeper->start(1s, {}).ok()); }
  void rotate() {
    clock.advance(1min);
    REQUIRE(issuer->renew().ok());
    provider.deliver();
  }
  [[nodiscard]] bool usable() const {
    auto const seen = keeper->current().latest().value;
    return seen && seen->credentials;
  }
  // Waits for the keeper's own thread, which looks four times a second.
  [[nodiscard]] bool becomes(bool wanted) const {
    auto& watch = keeper->current();
    for (auto seen = watch.latest(); usable() != wanted;) {
      auto const newer = watch.wait_newer(seen.version, 20s);
      if (newer.version == seen.version) return false;
      seen = newer;
    }
    return true;
  }
  [[nodiscard]] bool has_line(std::string const& line) {
    return ("\n" + registry.text()).find("\n" + line + "\n") != std::string::npos;
  }
};

// The lines of a file that somebody else writes, once there are `wanted` of them.
std::vector<std::string> lines_of(std::filesystem::path const& path, std::size_t wanted) {
  std::vector<std::string> lines;
  for (int tries = 0; tries < 2000 && lines.size() < wanted; ++tries) {
    lines.clear();
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    std::this_thread::yield();
    if (lines.size() < wanted) std::promise<void>().get_future().wait_for(5ms);
  }
  return lines;
}

}  // namespace

TEST_CASE("the hook runs for the first SVID and each new one, not for the same again") {
  Bench bench;
  std::vector<std::string> seen;
  bench.keeper->on_svid_update(
      [&seen](identity::Svid const& svid) { seen.push_back(svid.leaf().serial_hex()); });
  bench.start();
  CHECK(seen.size() == 1);
  bench.provider.deliver();
  CHECK(seen.size() == 1);
  bench.rotate();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] != seen[1]);
  CHECK(bench.has_line("agentweave_svid_rotation_total 1"));
  CHECK(bench.has_line("agentweave_svid_last_rotation_timestamp_seconds 1800000060"));
}

TEST_CASE("the command of on_svid_update runs without a shell and learns whose SVID it is") {
  testing::TempDir scratch;
  auto const file = (scratch / "heard").string();
  Bench bench({"/bin/sh", "-c",
               "echo \"$AGENTWEAVE_SPIFFE_ID $AGENTWEAVE_SVID_EXPIRY $0\" >> " + file,
               "$(touch " + (scratch / "shell").string() + ")"});
  bench.start();
  auto const first = lines_of(file, 1);
  REQUIRE(first.size() == 1);
  CHECK(first[0].starts_with("spiffe://dev.test/agent/a 20"));
  CHECK(first[0].find(" $(touch ") != std::string::npos);
  bench.rotate();
  CHECK(lines_of(file, 2).size() == 2);
  CHECK_FALSE(std::filesystem::exists(scratch / "shell"));
}

TEST_CASE("a command that cannot be started is no reason to stop") {
  Bench bench({"/nowhere/at-all"});
  bench.start();
  bench.rotate();
  CHECK(bench.usable());
}

TEST_CASE("an identity that is withdrawn is gone at once, and back with the next SVID") {
  Bench bench;
  bench.start();
  CHECK(bench.usable());
  bench.provider.deliver(identity::Snapshot{});
  CHECK_FALSE(bench.usable());
  CHECK(bench.keeper->check().state == server::CheckResult::State::failed);
  bench.provider.deliver();
  CHECK(bench.usable());
}

TEST_CASE("an SVID that runs out fails closed, and a new one opens again") {
  Bench bench;
  bench.start();
  bench.clock.advance(59min);
  CHECK(bench.usable());
  bench.clock.advance(2min);
  CHECK(bench.becomes(false));
  CHECK(bench.has_line("agentweave_svid_ttl_seconds 0"));
  bench.rotate();
  CHECK(bench.usable());
  CHECK(bench.keeper->check().state == server::CheckResult::State::ok);
}

TEST_CASE("an SVID that cannot be used leaves the last good one in place, and is counted") {
  Bench bench;
  bench.start();
  auto const good = bench.keeper->current().latest().value->credentials;
  auto expired = *bench.issuer->snapshots().latest().value;
  bench.clock.advance(30min);
  REQUIRE(bench.issuer->renew().ok());
  bench.provider.deliver();
  CHECK(bench.keeper->current().latest().value->credentials != good);
  auto const newer = bench.keeper->current().latest().value->credentials;
  bench.clock.advance(45min);  // the first one's time is over, the second one's is not
  bench.provider.deliver(expired);
  CHECK(bench.keeper->current().latest().value->credentials == newer);
  CHECK(bench.has_line("agentweave_svid_rotation_errors_total 1"));
}

TEST_CASE("the provider's failures are counted once, however many look at the same time") {
  Bench bench;
  bench.start();
  bench.provider.failures = 3;
  std::vector<std::thread> scrapers;
  for (int i = 0; i < 8; ++i) {
    scrapers.emplace_back([&bench] {
      for (int n = 0; n < 20; ++n) CHECK_FALSE(bench.registry.text().empty());
    });
  }
  for (auto& scraper : scrapers) scraper.join();
  CHECK(bench.has_line("agentweave_svid_rotation_errors_total 3"));
}

TEST_CASE("starting says what is missing when no SVID comes") {
  Bench bench;
  REQUIRE(bench.issuer->withdraw().ok());
  auto const started = bench.keeper->start(50ms, {});
  REQUIRE_FALSE(started.ok());
  CHECK(exit_code(started.error().code) == Exit::unreachable);
}

TEST_CASE("a provider that is not well is told, with how long the SVID still lasts") {
  Bench bench;
  bench.start();
  bench.provider.state = identity::ProviderState::unreachable;
  auto const said = bench.keeper->check();
  CHECK(said.state == server::CheckResult::State::degraded);
  CHECK(said.detail.find("spiffe://dev.test/agent/a 1h left (") == 0);
  CHECK(said.detail.find("unreachable") != std::string::npos);
}
