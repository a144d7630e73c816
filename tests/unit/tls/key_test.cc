// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/base/text.h"
#include "core/tls/private_key.h"
#include "core/tls/public_key.h"
#include "tests/fixtures/pki.h"

using namespace aw;
using namespace aw::fixtures;
using tls::KeyType;
using tls::PrivateKey;
using tls::PublicKey;
using tls::SignatureAlgorithm;

namespace {

struct Kind {
  KeyType type;
  SignatureAlgorithm algorithm;
  std::string description;
};
std::vector<Kind> const kKinds{{KeyType::p256, SignatureAlgorithm::es256, "ECDSA P-256"},
                               {KeyType::p384, SignatureAlgorithm::es384, "ECDSA P-384"},
                               {KeyType::rsa2048, SignatureAlgorithm::rs256, "RSA 2048"},
                               {KeyType::ed25519, SignatureAlgorithm::eddsa, "Ed25519"}};

std::string hex(std::string_view text) { return text::to_hex(text); }

}  // namespace

TEST_CASE("every kind of key survives PKCS#8, PEM and JWK numbers, and signs") {
  for (auto const& kind : kKinds) {
    INFO(kind.description);
    auto const key = must(PrivateKey::generate(kind.type));
    auto const half = must(key.public_key());
    CHECK(half.description() == kind.description);
    CHECK(half.algorithm() == kind.algorithm);
    auto const again = must(PrivateKey::from_pkcs8_der(must(key.pkcs8_der()).reveal()));
    auto const third = must(PrivateKey::from_pem(must(again.pem()).reveal()));
    auto const signature = must(third.sign(kind.algorithm, "message"));
    CHECK(half.verify(kind.algorithm, "message", signature));
    CHECK_FALSE(half.verify(kind.algorithm, "messagE", signature));
    CHECK_FALSE(half.verify(kind.algorithm, "message", signature + "x"));
    CHECK_FALSE(half.verify(kind.algorithm, "message", ""));
    auto const from_numbers = must(PublicKey::from_numbers(must(half.numbers())));
    CHECK(from_numbers.verify(kind.algorithm, "message", signature));
    CHECK(must(from_numbers.spki_der()) == must(half.spki_der()));
    CHECK(must(PublicKey::from_spki_der(must(half.spki_der()))).description() == kind.description);
  }
}

TEST_CASE("ECDSA signatures are r and s side by side, not DER") {
  auto const p256 = must(PrivateKey::generate(KeyType::p256));
  auto const p384 = must(PrivateKey::generate(KeyType::p384));
  CHECK(must(p256.sign(SignatureAlgorithm::es256, "m")).size() == 64);
  CHECK(must(p384.sign(SignatureAlgorithm::es384, "m")).size() == 96);
}

TEST_CASE("an algorithm that does not fit the key signs and verifies nothing") {
  auto const key = must(PrivateKey::generate(KeyType::p256));
  auto const half = must(key.public_key());
  auto const signature = must(key.sign(SignatureAlgorithm::es256, "m"));
  for (auto const other :
       {SignatureAlgorithm::es384, SignatureAlgorithm::rs256, SignatureAlgorithm::eddsa}) {
    CHECK_FALSE(key.sign(other, "m").ok());
    CHECK_FALSE(half.verify(other, "m", signature));
  }
}

TEST_CASE("a key knows its certificate") {
  Pki const pki;
  auto const one = pki.leaf("spiffe://example.org/a");
  auto const other = pki.leaf("spiffe://example.org/a");
  CHECK(one.key.matches(one.chain[0]));
  CHECK_FALSE(one.key.matches(other.chain[0]));
  CHECK_FALSE(PrivateKey().matches(one.chain[0]));
}

TEST_CASE("an empty key refuses everything") {
  PrivateKey const key;
  CHECK(key.empty());
  CHECK_FALSE(key.pkcs8_der().ok());
  CHECK_FALSE(key.pem().ok());
  CHECK_FALSE(key.public_key().ok());
  CHECK_FALSE(key.sign(SignatureAlgorithm::es256, "m").ok());
}

TEST_CASE("what is no usable private key is refused") {
  auto const key = must(PrivateKey::generate(KeyType::p256));
  auto const der = must(key.pkcs8_der());
  CHECK_FALSE(PrivateKey::from_pkcs8_der("").ok());
  CHECK_FALSE(PrivateKey::from_pkcs8_der("garbage").ok());
  CHECK_FALSE(PrivateKey::from_pkcs8_der(std::string(der.reveal()) + "x").ok());
  CHECK_FALSE(PrivateKey::from_pkcs8_der(std::string(70'000, '0')).ok());
  CHECK_FALSE(PrivateKey::from_pem("").ok());
  CHECK_FALSE(PrivateKey::from_pem(std::string(70'000, '-')).ok());
  auto const encrypted = PrivateKey::from_pem(
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBBg==\n-----END ENCRYPTED PRIVATE KEY-----\n");
  REQUIRE_FALSE(encrypted.ok());
  CHECK(encrypted.error().code == Code::key_malformed);
  CHECK_FALSE(encrypted.error().hint.empty());
}

TEST_CASE("JWK numbers that are no key are refused") {
  auto numbers = must(must(must(PrivateKey::generate(KeyType::p256)).public_key()).numbers());
  auto const refused = [](tls::KeyNumbers const& bad) {
    return !PublicKey::from_numbers(bad).ok();
  };
  auto off_curve = numbers;
  off_curve.y[31] = static_cast<char>(off_curve.y[31] ^ 1);
  CHECK(refused(off_curve));
  auto shorter = numbers;
  shorter.x.pop_back();
  CHECK(refused(shorter));
  auto curve = numbers;
  curve.curve = "P-224";
  CHECK(refused(curve));
  auto type = numbers;
  type.type = "oct";
  CHECK(refused(type));
  CHECK(refused({.type = "RSA", .n = std::string(128, '\xff'), .e = "\x01\x00\x01"}));
  CHECK(refused({.type = "RSA", .n = std::string(5000, '\xff'), .e = "\x03"}));
  CHECK(refused({.type = "OKP", .curve = "Ed25519", .x = "short"}));
  CHECK(refused({.type = "OKP", .curve = "X25519", .x = std::string(32, 'x')}));
}

TEST_CASE("the RFC 8037 key, signature and thumbprint are reproduced") {
  // RFC 8037, appendices A.1 to A.5
  auto const x = *text::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  auto const key = must(PublicKey::from_numbers({.type = "OKP", .curve = "Ed25519", .x = x}));
  CHECK(must(tls::thumbprint(key)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  auto const signature = *text::from_base64url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  CHECK(key.verify(SignatureAlgorithm::eddsa,
                   "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", signature));
  CHECK(hex(must(key.numbers()).x) == hex(x));
}

TEST_CASE("algorithm names are JOSE's, and there is no 'none'") {
  CHECK(tls::parse_algorithm("ES256") == SignatureAlgorithm::es256);
  CHECK(tls::parse_algorithm("EdDSA") == SignatureAlgorithm::eddsa);
  CHECK_FALSE(tls::parse_algorithm("none").has_value());
  CHECK_FALSE(tls::parse_algorithm("HS256").has_value());
  CHECK_FALSE(tls::parse_algorithm("es256").has_value());
  CHECK(tls::algorithm_name(SignatureAlgorithm::rs256) == "RS256");
}
