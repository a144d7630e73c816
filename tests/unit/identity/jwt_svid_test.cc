// SPDX-License-Identifier: Apache-2.0
#include "core/identity/jwt_svid.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

identity::Bundles bundles_of(TestCa const& ca) {
  identity::Bundles bundles;
  bundles.emplace(ca.domain(), ca.bundle());
  return bundles;
}

// A token with any header and claims, signed by a key of the given bundle.
struct Forge {
  tls::PrivateKey key = must(tls::PrivateKey::generate(tls::KeyType::p256));
  WallTime now = wall_now();

  [[nodiscard]] identity::Bundles bundles() const {
    identity::Bundles out;
    identity::BundleContent content;
    content.jwt_authorities = {{"k", must(key.public_key())}};
    out.emplace(trust_domain("example.org"),
                must(identity::Bundle::make(trust_domain("example.org"), content)));
    return out;
  }
  [[nodiscard]] json claims() const {
    auto const at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return {{"sub", "spiffe://example.org/a"}, {"aud", {"me"}}, {"exp", at + 60}};
  }
  static json header() { return {{"alg", "ES256"}, {"kid", "k"}, {"typ", "JWT"}}; }

  [[nodiscard]] std::string token(json const& header, json const& claims) const {
    std::string out = text::to_base64url(header.dump()) + "." + text::to_base64url(claims.dump());
    return out + "." + text::to_base64url(must(key.sign(tls::SignatureAlgorithm::es256, out)));
  }
  [[nodiscard]] Result<identity::JwtSvid> judge(json const& header, json const& claims) const {
    return identity::verify_jwt_svid(token(header, claims), "me", bundles(), now);
  }
};

}  // namespace

TEST_CASE("a token is verified by the bundle of its subject's trust domain, with every key kind") {
  for (auto const type :
       {tls::KeyType::p256, tls::KeyType::p384, tls::KeyType::rsa2048, tls::KeyType::ed25519}) {
    auto const key = must(tls::PrivateKey::generate(type));
    auto const now = wall_now();
    identity::Bundles bundles;
    bundles.emplace(
        trust_domain("example.org"),
        must(identity::Bundle::make(trust_domain("example.org"),
                                    {.jwt_authorities = {{"key", must(key.public_key())}}})));
    auto const token = must(identity::sign_jwt_svid(
        {spiffe_id("spiffe://example.org/a"), {"me", "you"}, now, now + 5min}, "key", key));
    auto const svid = must(identity::verify_jwt_svid(token, "you", bundles, now));
    CHECK(svid.id.text() == "spiffe://example.org/a");
    CHECK(svid.audience == std::vector<std::string>{"me", "you"});
    CHECK(svid.expires == std::chrono::floor<std::chrono::seconds>(now + 5min));
    CHECK(svid.issued == std::chrono::floor<std::chrono::seconds>(now));
    CHECK(json::parse(svid.claims_json)["sub"] == "spiffe://example.org/a");
  }
}

TEST_CASE("audience, time and trust domain decide") {
  TestCa const ca;
  TestCa const other("example.org");
  auto const token = ca.jwt("/a", {"me"}, 60s);
  auto const verify = [&](std::string_view audience, identity::Bundles const& bundles,
                          WallTime now) {
    return identity::verify_jwt_svid(token, audience, bundles, now);
  };
  CHECK(verify("me", bundles_of(ca), ca.now()).ok());
  CHECK_FALSE(verify("you", bundles_of(ca), ca.now()).ok());
  CHECK_FALSE(verify("", bundles_of(ca), ca.now()).ok());
  CHECK_FALSE(verify("me", bundles_of(ca), ca.now() + 60s).ok());
  CHECK_FALSE(verify("me", bundles_of(other), ca.now()).ok());
  auto const nowhere = verify("me", {}, ca.now());
  REQUIRE_FALSE(nowhere.ok());
  CHECK(nowhere.error().code == Code::no_bundle);
}

TEST_CASE("a token signed by another trust domain's key is refused") {
  TestCa const a("a.org");
  TestCa const b("b.org");
  auto bundles = bundles_of(a);
  bundles.emplace(b.domain(), b.bundle());
  auto const mallory = must(tls::PrivateKey::generate(tls::KeyType::p256));
  auto const token = must(identity::sign_jwt_svid(
      {spiffe_id("spiffe://a.org/admin"), {"me"}, a.now(), a.now() + 1min}, "jwt-1", mallory));
  CHECK_FALSE(identity::verify_jwt_svid(token, "me", bundles, a.now()).ok());
}

TEST_CASE("headers and claims that break the JWT-SVID standard are refused") {
  Forge const forge;
  REQUIRE(forge.judge(Forge::header(), forge.claims()).ok());
  auto const header = [&](char const* name, json value) {
    auto changed = Forge::header();
    if (value.is_null()) {
      changed.erase(name);
    } else {
      changed[name] = std::move(value);
    }
    return forge.judge(changed, forge.claims());
  };
  CHECK_FALSE(header("alg", "none").ok());
  CHECK_FALSE(header("alg", "HS256").ok());
  CHECK_FALSE(header("alg", "RS256").ok());
  CHECK_FALSE(header("alg", nullptr).ok());
  CHECK_FALSE(header("kid", nullptr).ok());
  CHECK_FALSE(header("kid", "other").ok());
  CHECK_FALSE(header("typ", "at+jwt").ok());
  CHECK_FALSE(header("crit", {"exp"}).ok());
  CHECK(header("typ", nullptr).ok());
  CHECK(header("typ", "JOSE").ok());
  auto const claim = [&](char const* name, json value) {
    auto changed = forge.claims();
    if (value.is_null()) {
      changed.erase(name);
    } else {
      changed[name] = std::move(value);
    }
    return forge.judge(Forge::header(), changed);
  };
  CHECK_FALSE(claim("sub", nullptr).ok());
  CHECK_FALSE(claim("sub", "spiffe://example.org").ok());
  CHECK_FALSE(claim("sub", "someone").ok());
  CHECK_FALSE(claim("aud", nullptr).ok());
  CHECK_FALSE(claim("aud", json::array()).ok());
  CHECK_FALSE(claim("aud", {"me", 1}).ok());
  CHECK(claim("aud", "me").ok());
  CHECK_FALSE(claim("exp", nullptr).ok());
  CHECK_FALSE(claim("exp", "soon").ok());
  CHECK_FALSE(claim("exp", 1e300).ok());
  CHECK_FALSE(claim("exp", -1).ok());
  CHECK_FALSE(claim("nbf", 9'000'000'000).ok());
  CHECK(claim("nbf", 1.5).ok());
}

TEST_CASE("a changed byte anywhere breaks a token") {
  TestCa const ca;
  auto const token = ca.jwt("/a", {"me"});
  for (std::size_t at = 0; at < token.size(); at += 7) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(identity::verify_jwt_svid(changed, "me", bundles_of(ca), ca.now()).ok());
  }
}

TEST_CASE("what is no token is refused, and one's own can be read without keys") {
  TestCa const ca;
  for (auto const* text : {"", ".", "..", "a.b", "a.b.c.d", "!!.!!.!!", "e30.e30.e30"}) {
    auto const svid = identity::read_jwt_svid(text);
    REQUIRE_FALSE(svid.ok());
    CHECK(svid.error().code == Code::jwt_svid);
  }
  CHECK_FALSE(identity::read_jwt_svid(std::string(20'000, 'a')).ok());
  CHECK(must(identity::read_jwt_svid(ca.jwt("/a", {"me"}))).id.text() == "spiffe://example.org/a");
  auto const nobody = identity::sign_jwt_svid(
      {spiffe_id("spiffe://example.org/a"), {}, ca.now(), ca.now()}, "k", ca.pki().authority().key);
  CHECK_FALSE(nobody.ok());
}
