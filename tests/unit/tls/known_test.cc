// SPDX-License-Identifier: Apache-2.0
#include "core/tls/known.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>

#include "core/tls/trust.h"
#include "tests/fixtures/pki.h"
#include "tests/fixtures/tls_pair.h"

using namespace aw;
using namespace aw::fixtures;
using tls::Certificate;
using tls::Context;
using tls::Crypto;
using tls::KeyType;

namespace {

std::shared_ptr<const Context> server_of(Pki const& ca, tls::VerifyPeer verify = accept_anyone(),
                                         Crypto crypto = Crypto::lean) {
  auto spec = context_spec(ca.leaf("spiffe://example.org/server"), std::move(verify));
  spec.crypto = crypto;
  return must(Context::server(std::move(spec)));
}

std::shared_ptr<const Context> client_of(Identity identity) {
  return must(Context::client(context_spec(std::move(identity))));
}

// The one object behind copies of a certificate.
Certificate::Impl const* object(tls::Stream const& stream) {
  return &stream.peer_chain().front().impl();
}

std::string bytes_of(tls::PrivateKey const& key) {
  return std::string(must(key.pkcs8_der()).reveal());
}

// The private value of `thief`, the public one of `owner`: what whoever copied a certificate can
// make. Both P-256, whose public point closes the encoding.
tls::PrivateKey forged(tls::PrivateKey const& thief, tls::PrivateKey const& owner) {
  constexpr std::size_t kPoint = 65;
  std::string der = bytes_of(thief);
  std::string const other = bytes_of(owner);
  der.replace(der.size() - kPoint, kPoint, other, other.size() - kPoint, kPoint);
  return must(tls::PrivateKey::from_pkcs8_der(der));
}

}  // namespace

TEST_CASE("a peer that comes back is read once, whatever its kind of key") {
  for (auto const crypto : {Crypto::lean, Crypto::standard}) {
    for (auto const type : {KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::ed25519}) {
      CAPTURE(static_cast<int>(type));
      Pki const ca;
      auto const server = server_of(ca, accept_anyone(), crypto);
      auto const client = client_of(ca.leaf("spiffe://example.org/client", type));
      TlsPair first(server, client);
      TlsPair second(server, client);
      first.handshake();
      second.handshake();
      REQUIRE(first.accepted());
      REQUIRE(second.accepted());
      CHECK(object(first.server()) == object(second.server()));
      CHECK(object(first.client()) == object(second.client()));
      CHECK_FALSE(second.server().peer_chain().front().public_key().empty());
    }
  }
}

TEST_CASE("what was read before is still asked about") {
  Pki const ca;
  int asked = 0;
  auto const server = server_of(ca, [&asked](std::span<const Certificate>) -> Result<void> {
    if (++asked == 1) return {};
    return make_error(Code::peer_unverified, "not any more");
  });
  auto const client = client_of(ca.leaf("spiffe://example.org/client"));
  TlsPair first(server, client);
  first.handshake();
  CHECK(first.accepted());
  TlsPair second(server, client);
  second.handshake();
  CHECK(asked == 2);
  REQUIRE_FALSE(second.server_result().ok());
  CHECK(second.server_result().error().code == Code::peer_unverified);
}

TEST_CASE("a certificate that is known is no proof without its key") {
  Pki const ca;
  auto const server = server_of(ca);
  auto const owner = ca.leaf("spiffe://example.org/client");
  TlsPair honest(server, client_of(owner));
  honest.handshake();
  REQUIRE(honest.accepted());
  auto const other = ca.leaf("spiffe://example.org/other");
  TlsPair stolen(server, client_of({owner.chain, forged(other.key, owner.key)}));
  stolen.handshake();
  REQUIRE_FALSE(stolen.server_result().ok());
  CHECK(stolen.server_result().error().code == Code::handshake_failed);
}

TEST_CASE("the same names with another key are another certificate") {
  Pki const ca;
  auto const server = server_of(ca);
  TlsPair first(server, client_of(ca.leaf("spiffe://example.org/client")));
  TlsPair second(server, client_of(ca.leaf("spiffe://example.org/client")));
  first.handshake();
  second.handshake();
  REQUIRE(first.accepted());
  REQUIRE(second.accepted());
  CHECK(object(first.server()) != object(second.server()));
  CHECK_FALSE(first.server().peer_chain() == second.server().peer_chain());
}

TEST_CASE("signers are read with their keys too: a chain builds on them") {
  Pki const ca;
  auto const middle =
      must(tls::make_intermediate(ca.ca_spec("spiffe://example.org"), ca.authority()));
  auto const key = must(tls::PrivateKey::generate(KeyType::p256));
  auto leaf = must(tls::issue(ca.leaf_spec("spiffe://example.org/client"), middle, key));
  Identity const identity{{std::move(leaf), middle.certificate}, key};
  auto const store = must(tls::TrustStore::make(std::vector{ca.certificate()}));
  auto const server = server_of(ca, [&](std::span<const Certificate> sent) -> Result<void> {
    auto chain = store.verify(sent.front(), sent.subspan(1), ca.now());
    if (!chain.ok()) return std::move(chain).error();
    return {};
  });
  for (int round = 0; round < 2; ++round) {
    TlsPair pair(server, client_of(identity));
    pair.handshake();
    CHECK(pair.accepted());
    CHECK(pair.server().peer_chain().size() == 2);
  }
}

TEST_CASE("a certificate is found by its whole encoding alone") {
  tls::KnownCertificates known;
  Pki const ca;
  auto const certificate = ca.leaf("spiffe://example.org/client").chain.front();
  CHECK_FALSE(known.find(certificate.der()).has_value());
  known.keep(certificate.der(), certificate);
  REQUIRE(known.find(certificate.der()).has_value());
  CHECK(known.find(certificate.der())->fingerprint_sha256() == certificate.fingerprint_sha256());
  CHECK_FALSE(known.find(certificate.der() + "x").has_value());
}

TEST_CASE("what is known has a bound, in number and in size") {
  tls::KnownCertificates known;
  Pki const ca;
  auto const certificate = ca.leaf("spiffe://example.org/client").chain.front();
  known.keep(std::string(tls::KnownCertificates::kMostBytes + 1, 'x'), certificate);
  CHECK_FALSE(known.find(std::string(tls::KnownCertificates::kMostBytes + 1, 'x')).has_value());
  for (std::size_t i = 0; i < tls::KnownCertificates::kMost; ++i) {
    known.keep(std::to_string(i), certificate);
  }
  CHECK(known.find("0").has_value());
  known.keep("one more", certificate);
  CHECK_FALSE(known.find("0").has_value());
  CHECK(known.find("one more").has_value());
}

TEST_CASE("many threads come back to one server with one certificate") {
  Pki const ca;
  auto const server = server_of(ca);
  auto const client = client_of(ca.leaf("spiffe://example.org/client"));
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 8; ++round) {
        TlsPair pair(server, client);
        pair.handshake();
        if (pair.accepted()) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 48);
}
