// SPDX-License-Identifier: Apache-2.0
#include "core/tls/context.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include "core/tls/trust.h"
#include "tests/fixtures/pki.h"
#include "tests/fixtures/tls_pair.h"

using namespace aw;
using namespace aw::fixtures;
using tls::Context;
using tls::Crypto;
using tls::KeyType;
using tls::Version;

namespace {

constexpr std::array kKeyTypes{KeyType::p256, KeyType::p384, KeyType::rsa2048, KeyType::rsa4096,
                               KeyType::ed25519};

// A check as an identity would do it: the chain must lead to `ca`.
tls::VerifyPeer trusting(Pki const& ca) {
  auto const store = must(tls::TrustStore::make(std::vector{ca.certificate()}));
  return [store, now = ca.now()](std::span<const tls::Certificate> sent) -> Result<void> {
    auto chain = store.verify(sent.front(), sent.subspan(1), now);
    if (!chain.ok()) return std::move(chain).error();
    return {};
  };
}

struct Ends {
  std::shared_ptr<const Context> server;
  std::shared_ptr<const Context> client;
};

// One key of each kind: making an RSA 4096 key takes seconds.
tls::PrivateKey const& key_of(KeyType type) {
  static std::map<KeyType, tls::PrivateKey> const keys = [] {
    std::map<KeyType, tls::PrivateKey> made;
    for (KeyType const each : kKeyTypes) made[each] = must(tls::PrivateKey::generate(each));
    return made;
  }();
  return keys.at(type);
}

Identity leaf_of(Pki const& ca, std::string const& uri, KeyType type) {
  return {{must(tls::issue(ca.leaf_spec(uri), ca.authority(), key_of(type)))}, key_of(type)};
}

Ends ends_of(Pki const& ca, KeyType type, Crypto crypto, Version version = Version::tls1_3) {
  auto server =
      context_spec(leaf_of(ca, "spiffe://example.org/server", type), trusting(ca), {"h2"});
  auto client =
      context_spec(leaf_of(ca, "spiffe://example.org/client", type), trusting(ca), {"h2"});
  server.crypto = client.crypto = crypto;
  server.min_version = client.min_version = version;
  return {must(Context::server(std::move(server))), must(Context::client(std::move(client)))};
}

std::string ca_file(Pki const& ca, char const* name) {
  std::ofstream(name) << ca.certificate().pem();
  return name;
}

}  // namespace

TEST_CASE("both library contexts shake hands with every kind of key and of authority") {
  for (KeyType const type : kKeyTypes) {
    Pki const ca("spiffe://example.org", type == KeyType::rsa4096 ? KeyType::p256 : type);
    for (Crypto const crypto : {Crypto::lean, Crypto::standard}) {
      CAPTURE(static_cast<int>(type));
      CAPTURE(static_cast<int>(crypto));
      auto const ends = ends_of(ca, type, crypto);
      TlsPair pair(ends.server, ends.client);
      pair.handshake();
      CHECK(pair.accepted());
    }
  }
}

TEST_CASE("the two library contexts understand each other") {
  Pki const ca;
  auto const lean = ends_of(ca, KeyType::p256, Crypto::lean);
  auto const standard = ends_of(ca, KeyType::p256, Crypto::standard);
  TlsPair one(lean.server, standard.client);
  one.handshake();
  CHECK(one.accepted());
  TlsPair other(standard.server, lean.client);
  other.handshake();
  CHECK(other.accepted());
}

TEST_CASE("the lean library context serves many threads at once, with every kind of key") {
  std::vector<Ends> all;
  Pki const ca;
  for (KeyType const type : kKeyTypes) {
    all.push_back(ends_of(ca, type, Crypto::lean));
  }
  std::atomic<int> good{0};
  constexpr int kThreads = 8;
  constexpr int kRounds = 6;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&all, &good, thread] {
      for (int round = 0; round < kRounds; ++round) {
        auto const& ends = all[static_cast<std::size_t>(thread + round) % all.size()];
        TlsPair pair(ends.server, ends.client);
        pair.handshake();
        if (pair.accepted()) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == kThreads * kRounds);
}

TEST_CASE("contexts are made on many threads at once") {
  Pki const ca;
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] {
      auto const ends = ends_of(ca, KeyType::p256, Crypto::lean);
      TlsPair pair(ends.server, ends.client);
      pair.handshake();
      if (pair.accepted()) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 6);
}

TEST_CASE("who allows TLS 1.2 still speaks 1.3 with who can") {
  Pki const ca;
  auto const ends = ends_of(ca, KeyType::p256, Crypto::lean, Version::tls1_2);
  TlsPair pair(ends.server, ends.client);
  pair.handshake();
  REQUIRE(pair.accepted());
  CHECK(pair.server().version() == "TLSv1.3");
}

TEST_CASE("an endpoint without certificate, key or check is not made") {
  Pki const ca;
  auto const code = [](tls::ContextSpec spec) {
    auto const made = Context::server(std::move(spec));
    return made.ok() ? Code::internal : made.error().code;
  };
  auto const whole = context_spec(ca.leaf("spiffe://example.org/a"));
  auto no_check = whole;
  no_check.verify = nullptr;
  CHECK(code(no_check) == Code::tls_setup);
  auto no_chain = whole;
  no_chain.chain.clear();
  CHECK(code(no_chain) == Code::tls_setup);
  auto no_key = whole;
  no_key.key = {};
  CHECK(code(no_key) == Code::tls_setup);
  auto other_key = whole;
  other_key.key = ca.leaf("spiffe://example.org/b").key;
  CHECK(code(other_key) == Code::tls_setup);
  auto bad_alpn = whole;
  bad_alpn.alpn = {""};
  CHECK(code(bad_alpn) == Code::tls_setup);
}

TEST_CASE("a web client trusts its authorities and the one name") {
  Pki const ca;
  auto spec = ca.leaf_spec("spiffe://example.org/opa");
  spec.dns_names = {"opa.internal"};
  spec.ip_addresses = {"127.0.0.1", "::1"};
  auto const server = must(Context::server(context_spec(ca.leaf(spec))));
  auto const web =
      must(Context::web_client({.ca_file = ca_file(ca, "aw_tls_web_ca.pem"), .alpn = {}}));
  static_cast<void>(std::remove("aw_tls_web_ca.pem"));

  TlsPair wrong(server, web, "other.internal");
  wrong.handshake();
  REQUIRE_FALSE(wrong.client_result().ok());
  CHECK(wrong.client_result().error().code == Code::peer_unverified);
  CHECK(wrong.client_result().error().message.find("hostname mismatch") != std::string::npos);

  for (auto const* name : {"opa.internal", "127.0.0.1", "::1"}) {
    TlsPair right(server, web, name);
    right.handshake();
    CHECK(right.client_result().ok());
  }
  // Nothing would ask a further check: it must not seem as if it had been.
  CHECK_THROWS(TlsPair(server, web->with_check(accept_anyone()), "opa.internal"));
  TlsPair other_address(server, web, "127.0.0.2");
  other_address.handshake();
  CHECK_FALSE(other_address.client_result().ok());
}

TEST_CASE("a web client refuses an authority it does not know, and a missing name") {
  Pki const ca;
  Pki const other;
  auto spec = ca.leaf_spec("spiffe://example.org/opa");
  spec.dns_names = {"opa.internal"};
  auto const server = must(Context::server(context_spec(ca.leaf(spec))));
  auto const web =
      must(Context::web_client({.ca_file = ca_file(other, "aw_tls_other_ca.pem"), .alpn = {}}));
  static_cast<void>(std::remove("aw_tls_other_ca.pem"));
  TlsPair pair(server, web, "opa.internal");
  pair.handshake();
  REQUIRE_FALSE(pair.client_result().ok());
  CHECK(pair.client_result().error().code == Code::peer_unverified);
  CHECK_THROWS(TlsPair(server, web));
  CHECK_FALSE(Context::web_client({.ca_file = "/nonexistent/ca.pem", .alpn = {}}).ok());
}

TEST_CASE("a trust store refuses weak authorities' chains and bundles it cannot read") {
  Pki const ca;
  Pki const other;
  auto const leaf = ca.leaf("spiffe://example.org/a").chain[0];
  auto const store = must(tls::TrustStore::make(std::vector{ca.certificate()}));
  CHECK(store.verify(leaf, {}, ca.now()).ok());
  auto const foreign = must(tls::TrustStore::make(std::vector{other.certificate()}));
  auto const refused = foreign.verify(leaf, {}, ca.now());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::peer_unverified);
  auto const nobody = must(tls::TrustStore::make({}));
  CHECK_FALSE(nobody.verify(leaf, {}, ca.now()).ok());
}
