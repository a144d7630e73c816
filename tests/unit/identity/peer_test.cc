// SPDX-License-Identifier: Apache-2.0
#include "core/identity/peer.h"

#include <doctest/doctest.h>

#include "core/identity/credentials.h"
#include "tests/fixtures/ca.h"
#include "tests/fixtures/tls_pair.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;

namespace {

identity::Bundles peer_bundles_of(TestCa const& ca) {
  identity::Bundles bundles;
  bundles.emplace(ca.domain(), ca.bundle());
  return bundles;
}

// Certificates have whole seconds.
WallTime seconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

}  // namespace

TEST_CASE("a peer is valid no longer than the shortest certificate of its chain") {
  TestCa const ca;
  auto spec = ca.pki().ca_spec("spiffe://example.org");
  spec.not_after = ca.now() + 10min;  // the leaf's is an hour, the root's a day
  spec.not_before = ca.now() - 5min;
  auto const middle = must(tls::make_intermediate(spec, ca.pki().authority()));
  auto key = must(tls::PrivateKey::generate(tls::KeyType::p256));
  std::vector const sent{must(tls::issue(ca.spec("/client"), middle, key)), middle.certificate};
  auto const peer = must(identity::verify_peer(sent, peer_bundles_of(ca), {ca.domain()}, ca.now()));
  CHECK(peer.not_after == seconds(ca.now() + 10min));
  CHECK(peer.not_before == seconds(ca.now() - 5min));
  CHECK(peer.chain.size() == 3);
}

TEST_CASE("the given time decides, to the second") {
  TestCa const ca;
  auto const leaf = ca.mint(ca.spec("/client"));
  auto const at = [&](WallTime now) {
    return identity::verify_peer(leaf.chain, peer_bundles_of(ca), {ca.domain()}, now);
  };
  auto const begins = leaf.chain[0].not_before();
  auto const ends = leaf.chain[0].not_after();
  CHECK(at(begins).ok());
  CHECK_FALSE(at(begins - 1s).ok());
  CHECK(at(ends - 1s).ok());
  CHECK_FALSE(at(ends + 1s).ok());
}

TEST_CASE("no certificate, no bundles and an empty allowed list all refuse") {
  TestCa const ca;
  auto const leaf = ca.mint(ca.spec("/client"));
  auto const none = identity::verify_peer({}, peer_bundles_of(ca), {ca.domain()}, ca.now());
  CHECK(none.error().code == Code::no_client_certificate);
  auto const unknown = identity::verify_peer(leaf.chain, {}, {ca.domain()}, ca.now());
  CHECK(unknown.error().code == Code::no_bundle);
  auto const foreign = identity::verify_peer(leaf.chain, peer_bundles_of(ca), {}, ca.now());
  CHECK(foreign.error().code == Code::trust_domain_not_allowed);
}

TEST_CASE("an empty bundle trusts nobody") {
  TestCa const ca;
  identity::Bundles bundles;
  bundles.emplace(ca.domain(), must(identity::Bundle::make(ca.domain(), {})));
  auto const leaf = ca.mint(ca.spec("/client"));
  auto const peer = identity::verify_peer(leaf.chain, bundles, {ca.domain()}, ca.now());
  CHECK(peer.error().code == Code::peer_unverified);
}

TEST_CASE("the forwarded certificate line is Envoy's") {
  TestCa const ca;
  auto const leaf = ca.mint(ca.spec("/client"));
  auto const peer =
      must(identity::verify_peer(leaf.chain, peer_bundles_of(ca), {ca.domain()}, ca.now()));
  CHECK(identity::xfcc(spiffe_id("spiffe://example.org/server"), peer) ==
        "By=spiffe://example.org/server;Hash=" + leaf.chain[0].fingerprint_sha256() +
            ";URI=spiffe://example.org/client");
}

TEST_CASE("credentials need an SVID that is still valid") {
  TestCa const ca;
  StandingClock clock{ca.now()};
  auto const nobody =
      identity::Credentials::make(std::make_shared<identity::Snapshot>(), {}, clock);
  REQUIRE_FALSE(nobody.ok());
  CHECK(nobody.error().code == Code::no_svid);
  CHECK(identity::Credentials::make(nullptr, {}, clock).error().code == Code::no_svid);
  clock.advance(2h);
  auto const late = identity::Credentials::make(snapshot(ca, "/server"), {}, clock);
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == Code::svid_expired);
}

TEST_CASE("credentials say when a newer snapshot makes them old") {
  TestCa const ca;
  StandingClock const clock{ca.now()};
  auto const first = snapshot(ca, "/server");
  auto const credentials = must(identity::Credentials::make(first, {}, clock));
  CHECK(credentials->built_from(first));
  CHECK_FALSE(credentials->built_from(snapshot(ca, "/server")));
  CHECK(credentials->self().text() == "spiffe://example.org/server");
  CHECK(credentials->not_after() == first->svid().not_after());
}

TEST_CASE("a live connection outlasts its credentials, and a withdrawn bundle is seen") {
  TestCa const own;
  TestCa const partner{"partner.org"};
  StandingClock const clock{own.now()};
  identity::CredentialsSpec const spec{.allowed = {partner.domain()}};
  auto before =
      must(identity::Credentials::make(snapshot(own, "/server", {&partner}), spec, clock));
  auto const client = context_spec(partner.mint(partner.spec("/client")));
  TlsPair pair(before->server(), must(tls::Context::client(client)));
  before.reset();
  pair.handshake();
  REQUIRE(pair.accepted());
  auto const after = must(identity::Credentials::make(snapshot(own, "/server"), spec, clock));
  auto const again = after->verify(pair.server().peer_chain());
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == Code::no_bundle);
}

TEST_CASE("verifying again gives the same peer with its forwarded line") {
  TestCa const ca;
  StandingClock const clock{ca.now()};
  auto const credentials = must(identity::Credentials::make(snapshot(ca, "/server"), {}, clock));
  auto const leaf = ca.mint(ca.spec("/client"));
  for (int i = 0; i < 2; ++i) {
    auto const peer = must(credentials->verify(leaf.chain));
    CHECK(peer->id.text() == "spiffe://example.org/client");
    CHECK(peer->xfcc.starts_with("By=spiffe://example.org/server;Hash="));
  }
}
