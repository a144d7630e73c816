// SPDX-License-Identifier: Apache-2.0
#include "core/identity/bundle.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::fixtures;
using identity::Bundle;
using nlohmann::json;

namespace {

auto domain() { return trust_domain("example.org"); }

Result<Bundle> parse(json const& document) { return Bundle::parse_json(domain(), document.dump()); }

json x509_key(TestCa const& ca) {
  return {{"use", "x509-svid"},
          {"kty", "EC"},
          {"x5c", json::array({text::to_base64(ca.pki().certificate().der())})}};
}

}  // namespace

TEST_CASE("a bundle survives each of its forms") {
  for (auto const type :
       {tls::KeyType::p256, tls::KeyType::p384, tls::KeyType::rsa2048, tls::KeyType::ed25519}) {
    TestCa const ca("example.org", type);
    auto const bundle = ca.bundle();
    CHECK(must(Bundle::parse_json(domain(), bundle.json())) == bundle);
    CHECK(must(Bundle::parse_der(domain(), bundle.der())).x509_authorities() ==
          bundle.x509_authorities());
    CHECK(must(Bundle::parse_pem(domain(), bundle.pem())).x509_authorities() ==
          bundle.x509_authorities());
  }
}

TEST_CASE("the JSON form is the standard's") {
  TestCa const ca;
  identity::BundleContent content;
  content.x509_authorities = {ca.pki().certificate()};
  content.sequence = 42;
  content.refresh_hint = std::chrono::seconds(300);
  auto const document = json::parse(must(Bundle::make(domain(), content)).json());
  CHECK(document["spiffe_sequence"] == 42);
  CHECK(document["spiffe_refresh_hint"] == 300);
  auto const& key = document["keys"][0];
  CHECK(key["use"] == "x509-svid");
  CHECK(key["kty"] == "EC");
  CHECK(key["crv"] == "P-256");
  CHECK(key["x5c"][0] == text::to_base64(ca.pki().certificate().der()));
  CHECK_FALSE(key.contains("kid"));
}

TEST_CASE("JWT keys carry kid and use, and stand alone in the Workload API's form") {
  TestCa const ca;
  auto const document = json::parse(ca.bundle().jwt_json());
  REQUIRE(document["keys"].size() == 1);
  CHECK(document["keys"][0]["use"] == "jwt-svid");
  CHECK(document["keys"][0]["kid"] == "jwt-1");
  auto const again = must(Bundle::parse_json(domain(), ca.bundle().jwt_json()));
  CHECK(again.x509_authorities().empty());
  CHECK(again.jwt_authorities().front().key_id == "jwt-1");
}

TEST_CASE("keys of other uses are skipped, and numbers may be absent") {
  TestCa const ca;
  auto const bundle =
      must(parse({{"keys", {x509_key(ca), {{"use", "sig"}, {"kty", "EC"}}, {{"kty", "oct"}}}}}));
  CHECK(bundle.x509_authorities().size() == 1);
  CHECK_FALSE(bundle.sequence().has_value());
  CHECK_FALSE(bundle.refresh_hint().has_value());
  CHECK(must(parse({{"keys", json::array()}})).x509_authorities().empty());
}

TEST_CASE("a key of a type that is not known here is skipped, whatever it is for") {
  TestCa const ca;
  json newer_root = x509_key(ca);
  newer_root["kty"] = "AKP";
  newer_root["x5c"] = json::array({"bm8gY2VydGlmaWNhdGU="});
  json const newer_signer = {
      {"use", "jwt-svid"}, {"kid", "k"}, {"kty", "AKP"}, {"alg", "ML-DSA-65"}, {"pub", "AAAA"}};
  auto const both = must(parse({{"keys", {newer_root, x509_key(ca), newer_signer}}}));
  CHECK(both.x509_authorities().size() == 1);
  CHECK(both.jwt_authorities().empty());
  // Not a reason to trust: nobody is left, so nobody is trusted.
  CHECK(must(parse({{"keys", {newer_root}}})).x509_authorities().empty());
}

TEST_CASE("malformed JSON bundles are refused") {
  TestCa const ca;
  auto two = x509_key(ca);
  two["x5c"].push_back(two["x5c"][0]);
  auto none = x509_key(ca);
  none.erase("x5c");
  auto not_base64 = x509_key(ca);
  not_base64["x5c"][0] = "!!!";
  auto not_certificate = x509_key(ca);
  not_certificate["x5c"][0] = "AAAA";
  std::vector<json> const bad{
      json::array(),
      json::object(),
      "text",
      {{"keys", "x"}},
      {{"keys", {1}}},
      {{"keys", {two}}},
      {{"keys", {none}}},
      {{"keys", {not_base64}}},
      {{"keys", {not_certificate}}},
      {{"keys", {{{"use", "jwt-svid"}, {"kty", "EC"}}}}},
      {{"keys", {{{"use", "jwt-svid"}, {"kty", "oct"}, {"kid", "a"}, {"k", "AA"}}}}},
      {{"keys", json::array()}, {"spiffe_sequence", -1}},
      {{"keys", json::array()}, {"spiffe_sequence", "1"}},
      {{"keys", json::array()}, {"spiffe_refresh_hint", 1.5}},
  };
  for (auto const& document : bad) {
    CAPTURE(document.dump());
    auto const bundle = parse(document);
    REQUIRE_FALSE(bundle.ok());
    CHECK(bundle.error().code == Code::bundle_malformed);
  }
  CHECK_FALSE(Bundle::parse_json(domain(), "").ok());
  CHECK_FALSE(Bundle::parse_json(domain(), "{\"keys\":[]").ok());
}

TEST_CASE("broken DER and PEM bundles are refused; an empty DER bundle trusts nobody") {
  TestCa const ca;
  CHECK_FALSE(Bundle::parse_der(domain(), "garbage").ok());
  CHECK_FALSE(Bundle::parse_der(domain(), ca.bundle().der() + "x").ok());
  CHECK_FALSE(Bundle::parse_pem(domain(), "").ok());
  CHECK(must(Bundle::parse_der(domain(), "")).x509_authorities().empty());
}

TEST_CASE("bundles compare by content") {
  TestCa const ca;
  auto const bundle = ca.bundle();
  CHECK(bundle == ca.bundle());
  CHECK_FALSE(bundle == TestCa("example.org").bundle());
  identity::BundleContent newer{.x509_authorities = bundle.x509_authorities(),
                                .jwt_authorities = bundle.jwt_authorities(),
                                .sequence = 2};
  CHECK_FALSE(bundle == must(Bundle::make(domain(), newer)));
}
