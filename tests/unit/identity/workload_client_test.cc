// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_client.h"

#include <doctest/doctest.h>

#include "core/identity/first_snapshot.h"
#include "tests/fakes/fake_workload_api.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/identity/identity_kit.h"

namespace {

using aw::Code;
using aw::identity::ProviderState;
using aw::identity::Snapshot;
using aw::identity::WorkloadApiProvider;
using aw::identity::WorkloadClientOptions;
using aw::testing::eventually;
using aw::testing::FakeWorkloadApi;
using aw::testing::kPatience;
using aw::testing::make_issuer;
using aw::testing::state_of;
using Answer = FakeWorkloadApi::Answer;
using Watch = aw::io::Watch<Snapshot>;

// A provider that follows a fake API, and an issuer to take true states from.
struct Bench {
  aw::testing::TempDir scratch;
  aw::testing::ManualClock clock;
  std::unique_ptr<aw::log::Log> log = aw::log::Log::silent();
  std::unique_ptr<aw::identity::DevIssuer> issuer = make_issuer("one.test", clock);
  FakeWorkloadApi api{scratch / "api.sock"};
  Watch watch;
  WorkloadApiProvider provider;

  explicit Bench(WorkloadClientOptions options = {})
      : provider((options.endpoint = api.endpoint(), std::move(options)), clock, *log) {}
  void start() { REQUIRE(provider.start(watch).ok()); }
  Watch::Seen newer(std::uint64_t version) { return watch.wait_newer(version, kPatience); }
  void serve_first() {
    api.serve(state_of(*issuer));
    api.up();
    start();
    REQUIRE(newer(0).version == 1);
  }
  // Said, and asked again.
  void deny() {
    auto const asked = api.streams_opened();
    api.refuse(Answer::permission_denied);
    REQUIRE(eventually([&] { return api.streams_opened() > asked; }));
  }
  void serve_new_svid() {
    REQUIRE(issuer->renew().ok());
    api.serve(state_of(*issuer));
  }
};

}  // namespace

TEST_CASE("publishes the first identity, asked for with the security header") {
  Bench bench;
  bench.api.serve(state_of(*bench.issuer));
  bench.api.up();
  bench.start();
  auto const seen = bench.newer(0);
  REQUIRE(seen.version == 1);
  CHECK(seen.value->svid().id.text() == "spiffe://one.test/agent/hello");
  CHECK(seen.value->svids.size() == 2);
  CHECK(seen.value->bundles.size() == 1);
  CHECK(bench.provider.status().state == ProviderState::serving);
  CHECK(bench.provider.status().rotations == 0);
  CHECK(bench.provider.status().last_update == bench.clock.now());
  CHECK(bench.api.streams_without_header() == 0);
}

TEST_CASE("counts a rotation only when the SVID is another one") {
  Bench bench;
  bench.serve_first();
  bench.serve_new_svid();
  REQUIRE(bench.newer(1).version == 2);
  CHECK(bench.provider.status().rotations == 1);
  auto const other = make_issuer("two.test", bench.clock);
  REQUIRE(bench.issuer->add_federated(other->bundle()).ok());
  bench.api.serve(state_of(*bench.issuer));
  auto const seen = bench.newer(2);
  REQUIRE(seen.version == 3);
  CHECK(seen.value->bundles.size() == 2);
  CHECK(bench.provider.status().rotations == 1);
}

TEST_CASE("what a later message no longer holds is withdrawn") {
  Bench bench;
  auto const other = make_issuer("two.test", bench.clock);
  REQUIRE(bench.issuer->add_federated(other->bundle()).ok());
  bench.api.serve(state_of(*bench.issuer));
  bench.api.up();
  bench.start();
  REQUIRE(bench.newer(0).value->bundles.contains(aw::testing::domain("two.test")));
  REQUIRE(bench.issuer->remove_federated(aw::testing::domain("two.test")).ok());
  auto state = state_of(*bench.issuer);
  state.svids.pop_back();
  bench.api.serve(state);
  auto const seen = bench.newer(1);
  CHECK_FALSE(seen.value->bundles.contains(aw::testing::domain("two.test")));
  CHECK(seen.value->svids.size() == 1);
}

TEST_CASE("a bad message keeps the last good state and counts a failure") {
  Bench bench;
  bench.api.serve(state_of(*bench.issuer));
  bench.api.up();
  bench.start();
  auto const good = bench.newer(0).value;
  auto bad = state_of(*bench.issuer);
  std::swap(bad.svids[0].key, bad.svids[1].key);
  bench.api.serve(bad);
  REQUIRE(eventually([&] { return bench.provider.status().failures == 1; }));
  auto const status = bench.provider.status();
  CHECK(bench.watch.latest().value == good);
  CHECK(status.state == ProviderState::serving);
  REQUIRE(status.last_error.has_value());
  CHECK(status.last_error->code == Code::key_malformed);
  bench.serve_new_svid();
  CHECK(bench.newer(1).version == 2);
  CHECK_FALSE(bench.provider.status().last_error.has_value());
}

TEST_CASE("permission denied withdraws the identity, and it comes back when it is granted again") {
  Bench bench;
  bench.serve_first();
  bench.api.refuse(Answer::permission_denied);
  auto const denied = bench.newer(1);
  REQUIRE(denied.version == 2);
  CHECK_FALSE(denied.value->has_identity());
  CHECK(denied.value->bundles.empty());
  CHECK(bench.provider.status().state == ProviderState::denied);
  CHECK(bench.provider.status().last_error->code == Code::workload_api_denied);
  // Further denials are no news.
  auto const asked = bench.api.streams_opened();
  REQUIRE(eventually([&] { return bench.api.streams_opened() >= asked + 2; }));
  CHECK(bench.watch.version() == 2);
  CHECK(bench.provider.status().failures == 1);
  bench.serve_new_svid();
  CHECK(bench.newer(2).value->has_identity());
  CHECK(bench.provider.status().state == ProviderState::serving);
}

TEST_CASE("a denial that is taken back in moments withdraws nothing") {
  Bench bench({.denial_stands = kPatience});
  bench.serve_first();
  auto const asked = bench.api.streams_opened();
  bench.api.refuse(Answer::permission_denied);
  REQUIRE(eventually([&] { return bench.api.streams_opened() >= asked + 2; }));
  CHECK(bench.provider.status().state == ProviderState::serving);
  bench.serve_new_svid();
  auto const seen = bench.newer(1);
  REQUIRE(seen.version == 2);
  CHECK(seen.value->has_identity());
  CHECK(bench.provider.status().failures == 0);
  CHECK(bench.provider.status().rotations == 1);
}

TEST_CASE("a denial counts when what follows is silence, a lost line or the end of all tries") {
  for (auto const then : {Answer::silence, Answer::hang_up, Answer::invalid_argument}) {
    Bench bench;
    bench.serve_first();
    bench.deny();
    bench.api.refuse(then);
    CHECK_FALSE(bench.newer(1).value->has_identity());
  }
}

TEST_CASE("an answer within its time is followed like any other, whatever was in doubt before") {
  Bench bench({.denial_stands = std::chrono::milliseconds(400)});
  bench.serve_first();
  bench.deny();
  bench.serve_new_svid();
  REQUIRE(eventually([&] { return bench.watch.version() >= 2; }));
  // The stream with a latest time ends by itself, and another takes its place.
  auto const again = bench.api.streams_opened();
  REQUIRE(eventually([&] { return bench.api.streams_opened() > again; }));
  auto const version = bench.watch.version();
  bench.serve_new_svid();
  CHECK(bench.newer(version).value->has_identity());
  CHECK(bench.provider.status().state == ProviderState::serving);
}

TEST_CASE("an update without any SVID withdraws the identity") {
  Bench bench;
  bench.serve_first();
  bench.api.serve(Snapshot{});
  CHECK_FALSE(bench.newer(1).value->has_identity());
  CHECK(bench.provider.status().state == ProviderState::denied);
}

TEST_CASE("an outage keeps the identity; the stream is back within a second of the socket") {
  Bench bench;
  bench.api.serve(state_of(*bench.issuer));
  bench.api.up();
  bench.start();
  auto const before = bench.newer(0).value;
  bench.api.down();
  REQUIRE(eventually([&] { return bench.provider.status().state == ProviderState::unreachable; }));
  CHECK(bench.watch.latest().value == before);
  CHECK(bench.provider.status().last_error->code == Code::workload_api_unreachable);
  REQUIRE(bench.issuer->renew().ok());
  bench.api.serve(state_of(*bench.issuer));
  bench.api.up();
  auto const answering = std::chrono::steady_clock::now();
  REQUIRE(bench.newer(1).version == 2);
  CHECK(std::chrono::steady_clock::now() - answering < std::chrono::seconds(1));
  CHECK(bench.provider.status().state == ProviderState::serving);
  CHECK(bench.provider.status().failures == 1);
}

TEST_CASE("a stream that ends after serving is opened again at once") {
  Bench bench;
  bench.serve_first();
  bench.api.refuse(Answer::hang_up);
  REQUIRE(eventually([&] { return bench.api.streams_opened() >= 2; }));
  bench.serve_new_svid();
  CHECK(bench.newer(1).version == 2);
}

TEST_CASE("invalid argument ends the trying, with a clear error") {
  Bench bench;
  bench.api.refuse(Answer::invalid_argument);
  bench.api.up();
  bench.start();
  REQUIRE(eventually([&] { return bench.provider.status().last_error.has_value(); }));
  auto const error = *bench.provider.status().last_error;
  CHECK(error.code == Code::protocol);
  CHECK(error.message.find("security header missing") != std::string::npos);
  CHECK(bench.api.streams_opened() == 1);
}

TEST_CASE("stop is prompt while a stream is open, while waiting to retry, and twice") {
  Bench open;
  open.api.serve(state_of(*open.issuer));
  open.api.up();
  open.start();
  REQUIRE(open.newer(0).version == 1);
  Bench waiting;
  waiting.start();
  REQUIRE(eventually([&] { return waiting.provider.status().last_error.has_value(); }));
  auto const asked = std::chrono::steady_clock::now();
  open.provider.stop();
  waiting.provider.stop();
  waiting.provider.stop();
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(1));
}

TEST_CASE("an SVID whose time is over shows as expired") {
  Bench bench;
  bench.serve_first();
  bench.clock.advance(std::chrono::hours(2));
  CHECK(bench.provider.status().state == ProviderState::expired);
}

TEST_CASE("start refuses an address no Workload API can have") {
  Bench bench;
  WorkloadApiProvider provider({.endpoint = "http://127.0.0.1"}, bench.clock, *bench.log);
  auto const started = provider.start(bench.watch);
  REQUIRE(!started.ok());
  CHECK(started.error().code == Code::config_out_of_range);
}

TEST_CASE("takes a hundred SVIDs with large bundles, above gRPC's default message limit") {
  Bench bench;
  auto state = state_of(*bench.issuer);
  auto const bundle = bench.issuer->bundle();
  // 80 copies of one CA: a trust domain in the middle of many rotations.
  aw::identity::BundleContent content;
  for (int i = 0; i < 80; ++i)
    content.x509_authorities.push_back(bundle.x509_authorities().front());
  state.bundles.insert_or_assign(
      bundle.trust_domain(), aw::identity::Bundle::make(bundle.trust_domain(), content).value());
  auto const one = state.svids.front();
  state.svids.assign(130, one);
  for (auto& svid : state.svids) svid.hint.clear();
  bench.api.serve(state);
  bench.api.up();
  bench.start();
  CHECK(bench.newer(0).value->svids.size() == 130);
}

TEST_CASE("the first identity is waited for, and its absence explained") {
  Bench bench;
  bench.start();
  REQUIRE(eventually([&] { return bench.provider.status().last_error.has_value(); }));
  auto const wait = [&](std::chrono::milliseconds time) {
    return aw::identity::wait_first_snapshot(bench.watch, bench.provider, time);
  };
  auto const missing = wait(std::chrono::milliseconds(20));
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == Code::workload_api_unreachable);
  CHECK(missing.error().message ==
        "no SVID within 20ms: connect " + bench.api.endpoint() + ": no such file or directory");
  CHECK(missing.error().hint.find("is the SPIRE agent running?") != std::string::npos);

  bench.api.refuse(Answer::permission_denied);
  bench.api.up();
  REQUIRE(eventually([&] { return bench.provider.status().state == ProviderState::denied; }));
  auto const denied = wait(std::chrono::milliseconds(20));
  REQUIRE(!denied.ok());
  CHECK(denied.error().code == Code::workload_api_denied);
  CHECK(denied.error().hint.find("selectors") != std::string::npos);

  bench.serve_new_svid();
  auto const arrived = wait(std::chrono::seconds(20));
  REQUIRE(arrived.ok());
  CHECK((*arrived)->has_identity());
}

TEST_CASE("waiting for the first identity ends when the program is interrupted") {
  Bench bench;
  bench.start();
  std::stop_source stop;
  stop.request_stop();
  auto const waited =
      aw::identity::wait_first_snapshot(bench.watch, bench.provider, kPatience, stop.get_token());
  REQUIRE(!waited.ok());
  CHECK(waited.error().code == Code::interrupted);
}
