// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/trust_changes.h"

#include <doctest/doctest.h>

#include "core/testing/manual_clock.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::runtime;
using namespace std::chrono_literals;

namespace {

struct Desk {
  testing::ManualClock clock;
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;
  TrustChanges changes{clock, *quiet, registry};
};

}  // namespace

TEST_CASE("a change of trust is over when the last connection it retired is closed") {
  Desk desk;
  auto ticket = desk.changes.begin({{"eu.test", "8c1f"}});
  auto first = ticket;
  auto second = ticket;
  ticket->count();
  ticket->count();
  ticket.reset();
  first.reset();
  CHECK(desk.changes.list().empty());
  desk.clock.advance(200ms);
  second.reset();
  auto const past = desk.changes.list();
  REQUIRE(past.size() == 1);
  CHECK(past[0].connections == 2);
  CHECK(past[0].took == 200ms);
  CHECK(past[0].withdrawn.at(0).fingerprint == "8c1f");
  CHECK(desk.registry.text().contains("agentweave_connections_distrusted_total 2"));
}

TEST_CASE("what closed for a domain is counted from the change that was asked about") {
  Desk desk;
  desk.changes.begin({{"eu.test", "1"}})->count();
  auto const before = desk.changes.begun();
  CHECK(desk.changes.wait_closed("eu.test", before, 0s) == 0);
  desk.changes.begin({{"eu.test", "2"}})->count();
  desk.changes.begin({{"ap.test", "3"}})->count();
  CHECK(desk.changes.wait_closed("eu.test", before, 0s) == 1);
  CHECK(desk.changes.wait_closed("eu.test", 0, 0s) == 2);
  auto const held = desk.changes.begin({{"eu.test", "4"}});
  held->count();
  CHECK(desk.changes.wait_closed("eu.test", before, 0s) == 1);  // not closed yet
}

TEST_CASE(
    "a change that took nothing away and closed nothing is no news; the old ones are dropped") {
  Desk desk;
  desk.changes.begin({}).reset();
  CHECK(desk.changes.list().empty());
  for (std::size_t i = 0; i < TrustChanges::kKept + 5; ++i)
    desk.changes.begin({{"x.test", std::to_string(i)}}).reset();
  auto const past = desk.changes.list();
  REQUIRE(past.size() == TrustChanges::kKept);
  CHECK(past.front().withdrawn.at(0).fingerprint == "5");
}

TEST_CASE(
    "authorities that are gone are named with their domain, those that stay or come are not") {
  fixtures::TestCa const eu("eu.test");
  fixtures::TestCa const us("us.test");
  fixtures::TestCa const us_next("us.test");
  auto const both = [&] {
    identity::BundleContent content;
    content.x509_authorities = {us.pki().certificate(), us_next.pki().certificate()};
    return fixtures::must(identity::Bundle::make(us.domain(), std::move(content)));
  }();
  identity::Bundles const before{{us.domain(), us.bundle()}, {eu.domain(), eu.bundle()}};
  CHECK(withdrawn_between(before, {{us.domain(), both}, {eu.domain(), eu.bundle()}}).empty());
  auto const rolled = withdrawn_between({{us.domain(), both}}, {{us.domain(), us_next.bundle()}});
  REQUIRE(rolled.size() == 1);
  CHECK(rolled[0].trust_domain == "us.test");
  CHECK(rolled[0].fingerprint == us.pki().certificate().fingerprint_sha256());
  auto const gone = withdrawn_between(before, {{us.domain(), us.bundle()}});
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].trust_domain == "eu.test");
}
