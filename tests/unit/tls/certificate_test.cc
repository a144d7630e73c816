// SPDX-License-Identifier: Apache-2.0
#include "core/tls/certificate.h"

#include <doctest/doctest.h>

#include "tests/fixtures/pki.h"

using namespace aw;
using namespace aw::fixtures;
using namespace std::chrono_literals;
using tls::Certificate;
using tls::KeyUsage;

namespace {

Pki const& pki() {
  static Pki const one;
  return one;
}

}  // namespace

TEST_CASE("a minted leaf says what was put into it") {
  auto spec = pki().leaf_spec("spiffe://example.org/agent");
  spec.dns_names = {"agent.internal"};
  spec.common_name = "agent";
  spec.serial = 0xabcdef;
  auto const leaf = pki().leaf(spec).chain.front();
  CHECK(leaf.uri_sans() == std::vector<std::string>{"spiffe://example.org/agent"});
  CHECK(leaf.dns_sans() == std::vector<std::string>{"agent.internal"});
  CHECK(leaf.subject() == "CN=agent,O=agentweave");
  CHECK(leaf.issuer() == "CN=example.org,O=agentweave");
  CHECK(leaf.serial_hex() == "abcdef");
  CHECK(leaf.not_before() == std::chrono::floor<std::chrono::seconds>(spec.not_before));
  CHECK(leaf.not_after() == std::chrono::floor<std::chrono::seconds>(spec.not_after));
  CHECK_FALSE(leaf.is_ca());
  CHECK(leaf.has_key_usage());
  CHECK(leaf.key_usage(KeyUsage::digital_signature));
  CHECK_FALSE(leaf.key_usage(KeyUsage::key_cert_sign));
  CHECK(leaf.has_extended_key_usage());
  CHECK(leaf.server_auth());
  CHECK(leaf.client_auth());
  CHECK(leaf.public_key() == "ECDSA P-256");
  CHECK(leaf.fingerprint_sha256().size() == 64);
  CHECK(leaf.subject_key_id().size() == 40);
}

TEST_CASE("an authority says that it is one") {
  auto const& ca = pki().certificate();
  CHECK(ca.is_ca());
  CHECK(ca.key_usage(KeyUsage::key_cert_sign));
  CHECK(ca.key_usage(KeyUsage::crl_sign));
  CHECK_FALSE(ca.key_usage(KeyUsage::digital_signature));
  CHECK_FALSE(ca.has_extended_key_usage());
}

TEST_CASE("absent extensions are told from empty ones") {
  auto spec = pki().leaf_spec("spiffe://example.org/agent");
  spec.key_usage.clear();
  spec.extended_usage.clear();
  spec.uris.clear();
  auto const leaf = pki().leaf(spec).chain.front();
  CHECK_FALSE(leaf.has_key_usage());
  CHECK_FALSE(leaf.key_usage(KeyUsage::digital_signature));
  CHECK_FALSE(leaf.has_extended_key_usage());
  CHECK_FALSE(leaf.server_auth());
  CHECK(leaf.uri_sans().empty());
}

TEST_CASE("PEM and DER travel both ways") {
  auto const leaf = pki().leaf("spiffe://example.org/agent").chain.front();
  CHECK(must(Certificate::parse_der(leaf.der())) == leaf);
  CHECK(must(Certificate::parse_pem(leaf.pem())) == leaf);
  CHECK(must(Certificate::parse_pem("subject=x\n" + leaf.pem() + "trailing words\n")) == leaf);
  CHECK_FALSE(leaf == pki().certificate());
}

TEST_CASE("chains come back in order, from both forms") {
  auto const leaf = pki().leaf("spiffe://example.org/agent").chain.front();
  auto const& ca = pki().certificate();
  auto const der = must(Certificate::parse_der_chain(leaf.der() + ca.der()));
  REQUIRE(der.size() == 2);
  CHECK(der[0] == leaf);
  CHECK(der[1] == ca);
  auto const pem = must(Certificate::parse_pem_chain(leaf.pem() + "\n" + ca.pem()));
  REQUIRE(pem.size() == 2);
  CHECK(pem[1] == ca);
}

TEST_CASE("what is no certificate is refused") {
  auto const der = pki().certificate().der();
  auto const code = [](auto const& result) {
    REQUIRE_FALSE(result.ok());
    return result.error().code;
  };
  CHECK(code(Certificate::parse_der("")) == Code::svid_malformed);
  CHECK(code(Certificate::parse_der(der + "x")) == Code::svid_malformed);
  CHECK(code(Certificate::parse_der(der.substr(0, der.size() - 1))) == Code::svid_malformed);
  CHECK(code(Certificate::parse_der_chain("")) == Code::svid_malformed);
  CHECK(code(Certificate::parse_der_chain(der + "garbage")) == Code::svid_malformed);
  CHECK(code(Certificate::parse_pem("no block here")) == Code::svid_malformed);
  CHECK(code(Certificate::parse_pem("-----BEGIN CERTIFICATE-----\nAAAA\n")) ==
        Code::svid_malformed);
  CHECK(code(Certificate::parse_pem(
            "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")) ==
        Code::svid_malformed);
}

TEST_CASE("chains have a bound") {
  std::string der;
  std::string pem;
  for (int i = 0; i < 17; ++i) {
    der += pki().certificate().der();
    pem += pki().certificate().pem();
  }
  CHECK_FALSE(Certificate::parse_der_chain(der).ok());
  CHECK_FALSE(Certificate::parse_pem_chain(pem).ok());
  CHECK(Certificate::parse_der_chain(der, 17).ok());
}

TEST_CASE("a name with a NUL, a space or a foreign byte makes a certificate unparseable") {
  for (auto const& uri :
       {std::string("spiffe://example.org/a\0b", 24), std::string("spiffe://example.org/a b"),
        std::string("spiffe://example.org/\xc3\xa9"), std::string("spiffe://example.org/a\n")}) {
    auto const key = must(tls::PrivateKey::generate(tls::KeyType::p256));
    auto const leaf = tls::issue(pki().leaf_spec(uri), pki().authority(), key);
    REQUIRE_FALSE(leaf.ok());
    CHECK(leaf.error().code == Code::svid_malformed);
  }
}

TEST_CASE("a subject cannot move the cursor of whoever prints it") {
  auto spec = pki().leaf_spec("spiffe://example.org/agent");
  spec.common_name = "evil\x1b[2J\nname";
  auto const text = pki().leaf(spec).chain.front().subject();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
}
