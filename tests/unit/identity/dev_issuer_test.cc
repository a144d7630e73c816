// SPDX-License-Identifier: Apache-2.0
#include "core/identity/dev_issuer.h"

#include <doctest/doctest.h>

#include "core/identity/peer.h"
#include "tests/unit/identity/identity_kit.h"

namespace {

using aw::Code;
using aw::identity::CaStage;
using aw::identity::DevIssuer;
using aw::identity::Snapshot;
using aw::testing::domain;
using aw::testing::issuer_spec;
using aw::testing::make_issuer;
using aw::testing::ManualClock;
using aw::testing::state_of;

bool trusted(Snapshot const& by, Snapshot const& whose, ManualClock const& clock) {
  auto const& svid = whose.svid();
  return aw::identity::verify_peer(svid.chain, by.bundles, {svid.id.trust_domain()}, clock.now())
      .ok();
}

std::string leaf(Snapshot const& state) { return state.svid().leaf().fingerprint_sha256(); }

}  // namespace

TEST_CASE("the development issuer gives every identity an SVID that its own bundle trusts") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const state = state_of(*issuer);
  REQUIRE(state.svids.size() == 2);
  CHECK(state.svids[0].id.text() == "spiffe://dev.test/agent/hello");
  CHECK(state.svids[0].hint == "hello");
  CHECK(state.svids[0].leaf().dns_sans() == std::vector<std::string>{"localhost"});
  CHECK(state.svids[1].hint == "client");
  CHECK(trusted(state, state, clock));
  CHECK(state.svid().not_after() == clock.now() + std::chrono::hours(1));
}

TEST_CASE("SVIDs are renewed at about half their life and not before") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const first = state_of(*issuer);
  clock.advance(std::chrono::minutes(26));
  auto const next = issuer->tick();
  REQUIRE(next.ok());
  CHECK(leaf(state_of(*issuer)) == leaf(first));
  CHECK(*next == issuer->renews_at());
  clock.advance(std::chrono::minutes(4));
  REQUIRE(issuer->tick().ok());
  auto const second = state_of(*issuer);
  CHECK(leaf(second) != leaf(first));
  CHECK(second.svid().not_after() == clock.now() + std::chrono::hours(1));
  CHECK(second.generation > first.generation);
}

TEST_CASE("a CA rotation never leaves anyone untrusted: prepared, active, old one dropped") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const before = state_of(*issuer);
  auto const old_ca = issuer->bundle().x509_authorities().front().fingerprint_sha256();

  REQUIRE(issuer->rotate_ca().ok());
  CHECK(issuer->ca_stage() == CaStage::prepared);
  auto const prepared = state_of(*issuer);
  CHECK(issuer->bundle().x509_authorities().size() == 2);
  CHECK(issuer->bundle().jwt_authorities().size() == 2);
  CHECK(leaf(prepared) == leaf(before));

  clock.advance(std::chrono::seconds(10));
  REQUIRE(issuer->tick().ok());
  CHECK(issuer->ca_stage() == CaStage::active);
  auto const active = state_of(*issuer);
  CHECK(leaf(active) != leaf(before));
  CHECK(trusted(prepared, active, clock));  // who has not seen the latest update yet
  CHECK(trusted(active, before, clock));    // who still shows an SVID of the old CA
  CHECK_FALSE(trusted(before, active, clock));

  clock.advance(std::chrono::hours(1));
  REQUIRE(issuer->tick().ok());
  CHECK(issuer->ca_stage() == CaStage::steady);
  auto const after = issuer->bundle();
  REQUIRE(after.x509_authorities().size() == 1);
  CHECK(after.x509_authorities().front().fingerprint_sha256() != old_ca);
  CHECK(after.sequence() == 4);
}

TEST_CASE("a CA rotation can be pushed on by hand, one at a time") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  CHECK(issuer->advance_ca().error().code == Code::check_failed);
  REQUIRE(issuer->rotate_ca().ok());
  CHECK(issuer->rotate_ca().error().code == Code::check_failed);
  REQUIRE(issuer->advance_ca().ok());
  REQUIRE(issuer->advance_ca().ok());
  CHECK(issuer->ca_stage() == CaStage::steady);
  CHECK(trusted(state_of(*issuer), state_of(*issuer), clock));
}

TEST_CASE("the CA rotates by itself at half its life, and no SVID outlives its CA") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const start = clock.now();
  // Three days, looked at whenever something is due.
  bool prepared = false;
  while (clock.now() < start + std::chrono::days(3)) {
    auto const due = issuer->tick();
    REQUIRE(due.ok());
    prepared = prepared || issuer->ca_stage() == CaStage::prepared;
    auto const state = state_of(*issuer);
    REQUIRE(trusted(state, state, clock));
    REQUIRE(*due > clock.now());
    clock.advance(*due - clock.now());
  }
  CHECK(prepared);
}

TEST_CASE("withdrawn, the issuer hands out nothing; restored, new SVIDs") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const before = state_of(*issuer);
  REQUIRE(issuer->withdraw().ok());
  CHECK_FALSE(state_of(*issuer).has_identity());
  CHECK(issuer->issue_jwt(std::nullopt, {"x"}).error().code == Code::workload_api_denied);
  clock.advance(std::chrono::minutes(40));
  REQUIRE(issuer->tick().ok());
  CHECK_FALSE(state_of(*issuer).has_identity());
  REQUIRE(issuer->restore().ok());
  CHECK(state_of(*issuer).has_identity());
  CHECK(leaf(state_of(*issuer)) != leaf(before));
}

TEST_CASE("the expiry drill lets SVIDs run out without renewing them") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  REQUIRE(issuer->let_expire(std::chrono::seconds(5)).ok());
  auto const short_lived = state_of(*issuer);
  CHECK(short_lived.svid().not_after() == clock.now() + std::chrono::seconds(5));
  clock.advance(std::chrono::seconds(6));
  REQUIRE(issuer->tick().ok());
  CHECK(leaf(state_of(*issuer)) == leaf(short_lived));
  CHECK_FALSE(trusted(short_lived, short_lived, clock));
  REQUIRE(issuer->restore().ok());
  CHECK(trusted(state_of(*issuer), state_of(*issuer), clock));
}

TEST_CASE("two development trust domains federate, and only while they do") {
  ManualClock clock;
  auto const one = make_issuer("one.test", clock);
  auto const two = make_issuer("two.test", clock);
  CHECK_FALSE(trusted(state_of(*one), state_of(*two), clock));
  REQUIRE(one->add_federated(two->bundle()).ok());
  CHECK(trusted(state_of(*one), state_of(*two), clock));
  CHECK_FALSE(trusted(state_of(*two), state_of(*one), clock));
  REQUIRE(one->remove_federated(domain("two.test")).ok());
  CHECK_FALSE(trusted(state_of(*one), state_of(*two), clock));
  CHECK(one->add_federated(one->bundle()).error().code == Code::config_out_of_range);
}

TEST_CASE("JWT-SVIDs verify with the published bundle, before and during a CA rotation") {
  ManualClock clock;
  auto const issuer = make_issuer("dev.test", clock);
  auto const tokens = issuer->issue_jwt(std::nullopt, {"spiffe://dev.test/agent/x"});
  REQUIRE(tokens.ok());
  REQUIRE(tokens->size() == 2);
  CHECK(tokens->at(1).hint == "client");
  auto const verified = [&](std::string const& token) {
    return aw::identity::verify_jwt_svid(token, "spiffe://dev.test/agent/x",
                                         state_of(*issuer).bundles, clock.now());
  };
  CHECK(verified(tokens->front().token).ok());
  REQUIRE(issuer->rotate_ca().ok());
  REQUIRE(issuer->advance_ca().ok());
  CHECK(verified(tokens->front().token).ok());
  REQUIRE(issuer->advance_ca().ok());
  CHECK_FALSE(verified(tokens->front().token).ok());

  auto const client = state_of(*issuer).svids[1].id;
  CHECK(issuer->issue_jwt(client, {"x"})->size() == 1);
  auto const stranger = aw::identity::SpiffeId::parse("spiffe://dev.test/agent/stranger").value();
  CHECK(issuer->issue_jwt(stranger, {"x"}).error().code == Code::workload_api_denied);
}

TEST_CASE("the development issuer refuses a spec that cannot be") {
  ManualClock clock;
  auto const refused = [&](auto const& change) {
    auto spec = issuer_spec("dev.test");
    change(spec);
    auto const made = DevIssuer::create(std::move(spec), clock);
    return !made.ok() && made.error().code == Code::config_out_of_range;
  };
  CHECK(refused([](auto& spec) { spec.identities.clear(); }));
  CHECK(refused([](auto& spec) { spec.identities.push_back(spec.identities.front()); }));
  CHECK(refused([](auto& spec) { spec.identities[1].name = spec.identities[0].name; }));
  CHECK(refused([](auto& spec) { spec.domain = domain("other.test"); }));
  CHECK(refused([](auto& spec) { spec.svid_ttl = std::chrono::seconds(1); }));
  CHECK(refused([](auto& spec) { spec.ca_ttl = std::chrono::minutes(1); }));
}

TEST_CASE("the issuer's own thread renews in time and stops at once") {
  aw::SystemClock clock;
  auto spec = issuer_spec("dev.test");
  spec.svid_ttl = std::chrono::seconds(2);
  auto const issuer = DevIssuer::create(std::move(spec), clock).value();
  issuer->start();
  auto const first = issuer->snapshots().latest();
  auto const second = issuer->snapshots().wait_newer(first.version, aw::testing::kPatience);
  CHECK(second.version > first.version);
  CHECK(second.value->svid().not_after() >
        first.value->svid().not_after() - std::chrono::seconds(1));
  auto const asked = std::chrono::steady_clock::now();
  issuer->stop();
  issuer->stop();
  CHECK(std::chrono::steady_clock::now() - asked < std::chrono::milliseconds(500));
}
