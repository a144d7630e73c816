// SPDX-License-Identifier: Apache-2.0
// Bundles fetched from endpoints: what is trusted, since when, and until when.
#include <atomic>

#include "tests/unit/identity/federated.h"

using namespace aw;
using namespace aw::identity;
using namespace aw::identity::test;
using namespace std::chrono_literals;

TEST_CASE("a source is an https endpoint of a domain, and https_spiffe says who must answer") {
  struct Case {
    FederationConfig config;
    bool good;
  };
  for (auto const& one : {
           Case{{.trust_domain = "eu.test", .url = "https://eu.test/"}, true},
           Case{{.trust_domain = "eu.test", .url = "http://eu.test/"}, false},
           Case{{.trust_domain = "EU.test", .url = "https://eu.test/"}, false},
           Case{{.trust_domain = "eu.test",
                 .url = "https://eu.test/",
                 .profile = EndpointProfile::https_spiffe},
                false},
           Case{{.trust_domain = "eu.test",
                 .url = "https://eu.test/",
                 .endpoint_spiffe_id = "spiffe://eu.test/spire/server"},
                false},
           Case{{.trust_domain = "eu.test",
                 .url = "https://eu.test/",
                 .profile = EndpointProfile::https_spiffe,
                 .endpoint_spiffe_id = "spiffe://eu.test/spire/server"},
                true},
       }) {
    CAPTURE(one.config.url);
    CHECK(parse_source(one.config).ok() == one.good);
  }
}

TEST_CASE("a fetched bundle is published beside the own ones, and forgotten when it is removed") {
  Federated f;
  f.answer = sequenced(f.eu, 7).json();
  f.begin(FederationSource::From::added);
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.knows(f.us));
  CHECK(f.knows(f.eu));
  CHECK(f.status().state == FederationState::ok);
  CHECK(f.status().sequence == 7);
  CHECK(f.kept >= 1);
  f.own->publish(fixtures::snapshot(f.us, "/agent/a"));  // a rotation of ours
  CHECK(f.knows(f.eu));
  REQUIRE(f.provider->remove(f.eu.domain()).ok());
  CHECK_FALSE(f.knows(f.eu));
  CHECK(f.provider->remove(f.eu.domain()).error().code == Code::not_found);
  CHECK(f.provider->fetch(f.eu.domain()).error().code == Code::not_found);
}

TEST_CASE("a bundle that cannot be renewed is trusted for two days and not a moment longer") {
  Federated f;
  f.begin(FederationSource::From::added, sequenced(f.eu, 7));
  CHECK(f.knows(f.eu));
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.status().state == FederationState::bootstrap);
  f.answer = sequenced(f.eu, 7).json();
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  f.answer = make_error(Code::timeout, "connect timeout");
  f.clock.advance(47h);
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.status().state == FederationState::stale);
  CHECK(f.status().last_error == "connect timeout");
  CHECK(f.knows(f.eu));
  f.clock.advance(1h);
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.status().state == FederationState::expired);
  CHECK_FALSE(f.knows(f.eu));
}

TEST_CASE(
    "a restart prolongs no trust: what is kept says when each domain was fetched, not when it was "
    "kept") {
  Federated f;
  auto const began = f.clock.now();
  f.answer = sequenced(f.eu, 7).json();
  f.begin(FederationSource::From::added);
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  // The endpoint of eu.test is gone from here on; that of ap.test is well.
  fixtures::TestCa const ap("ap.test", tls::KeyType::p256, f.clock.now());
  f.provider->add(by_web("ap.test"), std::nullopt);
  f.answer = sequenced(ap, 1).json();
  for (auto const later : {47h, 49h}) {
    f.clock.advance(began + later - f.clock.now());
    REQUIRE(f.provider->fetch(ap.domain()).ok());
    REQUIRE(f.kept_bundles.contains(f.eu.domain()));
    CHECK(f.kept_bundles.at(f.eu.domain()).second == began);
    CHECK(f.kept_bundles.at(ap.domain()).second == began + later);
  }
  CHECK_FALSE(f.knows(f.eu));
}

TEST_CASE("what an earlier run fetched is kept on, though its endpoint is silent since") {
  Federated f;
  auto const seen = f.clock.now() - 5h;
  REQUIRE(f.provider->start(f.watch).ok());
  f.provider->add(by_web("eu.test"), sequenced(f.eu, 7), seen);
  CHECK(f.status().state == FederationState::ok);
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.status().state == FederationState::stale);
  fixtures::TestCa const ap("ap.test", tls::KeyType::p256, f.clock.now());
  f.provider->add(by_web("ap.test"), sequenced(ap, 1));
  f.answer = sequenced(ap, 1).json();
  REQUIRE(f.provider->fetch(ap.domain()).ok());
  REQUIRE(f.kept_bundles.contains(f.eu.domain()));
  CHECK(f.kept_bundles.at(f.eu.domain()).second == seen);
  CHECK(f.kept_bundles.at(f.eu.domain()).first.sequence() == 7);
  // And an older one is refused for its sake.
  f.answer = sequenced(f.eu, 6).json();
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
}

TEST_CASE(
    "a bundle that is too old goes when its time is over, not with the next try to renew it") {
  testing::ManualClock clock;
  auto const log = log::Log::silent();
  fixtures::TestCa const us("us.test", tls::KeyType::p256, clock.now());
  fixtures::TestCa const eu("eu.test", tls::KeyType::p256, clock.now());
  std::atomic<int> asked = 0;
  FederatedProvider provider(
      std::make_unique<OwnSource>(fixtures::snapshot(us, "/agent/a")),
      {.fetch =
           [&asked](FederationSource const&, Bundle const*) {
             ++asked;
             return Result<std::string>(make_error(Code::timeout, "no answer"));
           },
       .clock = clock,
       .log = *log,
       .keep = {}});
  io::Watch<Snapshot> watch;
  auto const knows = [&] { return watch.latest().value->bundles.contains(eu.domain()); };
  REQUIRE(provider.start(watch).ok());
  provider.add(by_web("eu.test"), sequenced(eu, 7), clock.now() - 48h + 3s);
  REQUIRE(testing::eventually([&] { return asked == 1; }));
  REQUIRE(knows());
  clock.advance(3s);  // the next try is due after five
  CHECK(testing::eventually([&] { return !knows(); }));
  CHECK(asked == 1);
  provider.stop();
}

TEST_CASE("an endpoint's answer that is older, empty, malformed or another's is not taken") {
  Federated f;
  f.begin(FederationSource::From::added, sequenced(f.eu, 7));
  for (auto const& [what, text] : {
           std::pair<char const*, std::string>("older", sequenced(f.eu, 6).json()),
           {"no JSON", "<html>"},
           {"no authority", R"({"keys":[]})"},
           {"an object of something else", R"({"keys":"x"})"},
       }) {
    CAPTURE(std::string(what));
    f.answer = text;
    CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
    CHECK(f.status().sequence == 7);
    CHECK(f.knows(f.eu));
  }
  f.answer = sequenced(f.eu, 8).json();
  CHECK(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.status().sequence == 8);
}

TEST_CASE("a bundle that the own source brings wins, and the endpoint's is not shown") {
  Federated f;
  f.answer = sequenced(f.eu, 99).json();
  f.begin(FederationSource::From::added);
  f.own->publish(fixtures::snapshot(f.us, "/agent/a", {&f.eu}));
  static_cast<void>(f.provider->fetch(f.eu.domain()));
  CHECK(f.watch.latest().value->bundles.at(f.eu.domain()).sequence() == 1);
  CHECK(f.status().source == "workload-api");
}

TEST_CASE("an https_spiffe endpoint is verified with its own domain's bundle") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  f.answer = sequenced(f.eu, 2).json();
  f.provider->add(by_spiffe_id(), std::nullopt);
  static_cast<void>(f.provider->fetch(f.eu.domain()));
  CHECK_FALSE(f.vouched);
  f.provider->add(by_spiffe_id(), sequenced(f.eu, 1));
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.vouched->sequence() == 1);
}

TEST_CASE(
    "an https_spiffe domain that was away for two days comes back by its bootstrap, which admits "
    "nobody and is no older than what was fetched") {
  struct Row {
    std::uint64_t bootstrap;
    std::uint64_t answer;
    bool vouches;
    bool taken;
  };
  for (auto const& row : {Row{7, 7, true, true}, Row{7, 9, true, true}, Row{7, 6, true, false},
                          Row{8, 8, true, true}, Row{6, 9, false, false}}) {
    CAPTURE(row.bootstrap);
    CAPTURE(row.answer);
    Federated f;
    REQUIRE(f.provider->start(f.watch).ok());
    f.provider->add(by_spiffe_id(), sequenced(f.eu, 7), f.clock.now() - 49h,
                    sequenced(f.eu, row.bootstrap));
    CHECK_FALSE(f.knows(f.eu));
    CHECK(f.status().state == FederationState::expired);
    f.answer = sequenced(f.eu, row.answer).json();
    bool const taken = f.provider->fetch(f.eu.domain()).ok();
    CHECK(f.vouched.has_value() == row.vouches);
    // The real fetch fails where nobody vouches; this endpoint answers all the same.
    if (!row.vouches) continue;
    CHECK(f.vouched->sequence() == row.bootstrap);
    CHECK(taken == row.taken);
    CHECK(f.knows(f.eu) == row.taken);
  }
}

TEST_CASE("the bootstrap of an endpoint that was silent for two days still authenticates it") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  f.provider->add(by_spiffe_id(), sequenced(f.eu, 7));
  f.clock.advance(49h);
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK_FALSE(f.knows(f.eu));
  f.answer = sequenced(f.eu, 8).json();
  CHECK(f.provider->fetch(f.eu.domain()).ok());
  CHECK(f.vouched->sequence() == 7);
  CHECK(f.knows(f.eu));
}

TEST_CASE(
    "the refresh follows the bundle's hint, within bounds, and failures wait longer each time") {
  Federated f;
  f.answer = sequenced(f.eu, 1, 60s).json();
  f.begin(FederationSource::From::added);
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(*f.status().next - f.clock.now() == 60s);
  f.answer = sequenced(f.eu, 2, 1s).json();
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(*f.status().next - f.clock.now() == 10s);
  f.answer = sequenced(f.eu, 3, 240h).json();
  REQUIRE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(*f.status().next - f.clock.now() == 1h);
  f.answer = make_error(Code::connect, "down");
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  auto const first = *f.status().next - f.clock.now();
  CHECK_FALSE(f.provider->fetch(f.eu.domain()).ok());
  CHECK(*f.status().next - f.clock.now() == 2 * first);
}

TEST_CASE(
    "a bundle that was kept by a clock that ran ahead is trusted from now on, not from then") {
  Federated f;
  REQUIRE(f.provider->start(f.watch).ok());
  auto source = by_web("eu.test");
  f.provider->add(std::move(source), sequenced(f.eu, 1), f.clock.now() + std::chrono::years(1));
  CHECK(f.status().fetched == f.clock.now());
  CHECK(f.status().trusted_until <= f.clock.now() + std::chrono::hours(48));
}
