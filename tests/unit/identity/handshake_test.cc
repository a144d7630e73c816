// SPDX-License-Identifier: Apache-2.0
// Handshakes that are judged by more than the certificate's shape: whom a client expects, what time
// it is, what stands in the bundle.
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

#include "core/identity/credentials.h"
#include "tests/fixtures/tls_pair.h"
#include "tests/unit/identity/world.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;
using tls::KeyType;

TEST_CASE("a client without a certificate is refused as such") {
  auto leaf = world().own.spec("/server");
  leaf.dns_names = {"localhost"};
  auto spec = context_spec(world().own.mint(leaf));
  std::string const path = "aw_identity_matrix_ca.pem";
  std::ofstream(path) << world().own.pki().certificate().pem();
  auto web = must(tls::Context::web_client({.ca_file = path, .alpn = {}}));
  static_cast<void>(std::remove(path.c_str()));
  TlsPair pair(must(tls::Context::server(std::move(spec))), web, "localhost");
  pair.handshake();
  REQUIRE_FALSE(pair.server_result().ok());
  CHECK(pair.server_result().error().code == Code::no_client_certificate);
  REQUIRE(pair.server().verify_error() != nullptr);
}

TEST_CASE("a client that expects one exact peer refuses all others") {
  auto const mine = credentials();
  auto const server = credentials();
  auto const shake = [&](std::string_view expected) {
    TlsPair pair(server->server(), mine->client_for(spiffe_id(expected)));
    pair.handshake();
    return pair.client_result();
  };
  CHECK(shake("spiffe://example.org/server").ok());
  auto const other = shake("spiffe://example.org/server2");
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == Code::peer_mismatch);
  CHECK(other.error().message.find("expected SPIFFE ID spiffe://example.org/server2, got "
                                   "spiffe://example.org/server") != std::string::npos);
}

TEST_CASE("a peer that was accepted is refused once its SVID is over") {
  StandingClock clock{world().own.now()};
  auto const mine = credentials(clock);
  auto const client = world().own.mint(world().own.spec("/client"));
  auto const shake = [&] {
    TlsPair pair(mine->server(), must(tls::Context::client(context_spec(client))));
    pair.handshake();
    return pair.server_result();
  };
  CHECK(shake().ok());
  CHECK(shake().ok());  // remembered
  clock.advance(2h);
  auto const late = shake();
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == Code::svid_expired);
}

TEST_CASE("an intermediate in the bundle is an anchor of its own") {
  TestCa const root("example.org");
  auto const middle = must(
      tls::make_intermediate(root.pki().ca_spec("spiffe://example.org"), root.pki().authority()));
  auto key = must(tls::PrivateKey::generate(KeyType::p256));
  auto const leaf = must(tls::issue(root.spec("/client"), middle, key));
  identity::Bundles bundles;
  bundles.emplace(root.domain(), must(identity::Bundle::make(
                                     root.domain(), {.x509_authorities = {middle.certificate}})));
  std::vector const sent{leaf};
  auto const peer = identity::verify_peer(sent, bundles, {root.domain()}, root.now());
  REQUIRE(peer.ok());
  CHECK(peer->id.text() == "spiffe://example.org/client");
  CHECK(peer->chain.size() == 2);
}

TEST_CASE("a leaf in the bundle is not its own authority") {
  TestCa const ca("example.org");
  auto const leaf = ca.mint(ca.spec("/client"));
  identity::Bundles bundles;
  bundles.emplace(ca.domain(),
                  must(identity::Bundle::make(ca.domain(), {.x509_authorities = {leaf.chain[0]}})));
  CHECK_FALSE(identity::verify_peer(leaf.chain, bundles, {ca.domain()}, ca.now()).ok());
}
