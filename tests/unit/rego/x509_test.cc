// SPDX-License-Identifier: Apache-2.0
// Certificates and keys in policies: what is said of them, what is refused, and who is trusted.
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <functional>

#include "core/rego/der.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::ask;
using test::policy_of;
using test::x_of;

TEST_CASE("DER is read element by element and nothing malformed passes") {
  using namespace std::string_view_literals;
  DerReader reader("\x02\x01\x05\x0C\x02hi"sv);
  std::string_view body;
  DerElement text;
  CHECK(reader.take(der::kInteger, body));
  CHECK(small_integer(body) == 5);
  CHECK_FALSE(reader.take(der::kInteger, body));  // the next is another: nothing is taken
  CHECK(reader.next(text));
  CHECK(der_text(text) == "hi");
  CHECK(reader.empty());
  for (std::string_view bad :
       {""sv, "\x02"sv, "\x02\x05\x01"sv, "\x02\x80\x01"sv, "\x02\x81\x01\x01"sv,
        "\x02\x82\x00\x80"sv, "\x1F\x01\x01"sv, "\x02\x85\x01\x01\x01\x01\x01"sv}) {
    DerElement element;
    CHECK_FALSE(DerReader(bad).next(element));
  }
}

TEST_CASE("object identifiers and numbers have their edges") {
  using namespace std::string_view_literals;
  CHECK(dotted(*object_id("\x55\x1D\x11"sv)) == "2.5.29.17");
  CHECK(dotted(*object_id("\x2A\x86\x48\x86\xF7\x0D"sv)) == "1.2.840.113549");
  CHECK_FALSE(object_id(""sv).has_value());
  CHECK_FALSE(object_id("\x55\x80"sv).has_value());
  CHECK_FALSE(object_id("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv).has_value());
  CHECK_FALSE(small_integer("\xFF"sv).has_value());
  CHECK_FALSE(small_integer("\x01\x01\x01\x01\x01\x01\x01\x01\x01"sv).has_value());
}

TEST_CASE("strings of every kind become UTF-8") {
  using namespace std::string_view_literals;
  CHECK(der_text({der::kT61String, "\xE9"sv, {}}) == "\xC3\xA9");
  CHECK(der_text({der::kBmpString, "\x00\xE9"sv, {}}) == "\xC3\xA9");
  CHECK_FALSE(der_text({der::kBmpString, "\x00"sv, {}}).has_value());
  CHECK_FALSE(der_text({der::kUtf8String, "\xFF"sv, {}}).has_value());
  CHECK_FALSE(der_text({der::kInteger, "a"sv, {}}).has_value());
}

TEST_CASE("what is no certificate, request or key is undefined") {
  for (std::string_view call :
       {"crypto.x509.parse_certificates(\"nonsense\")", "crypto.x509.parse_certificates(\"AAAA\")",
        "crypto.x509.parse_certificates(\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END "
        "CERTIFICATE-----\\n\")",
        "crypto.x509.parse_certificate_request(\"AAAA\")",
        "crypto.x509.parse_rsa_private_key(\"\")", "crypto.x509.parse_rsa_private_key(\"x\")",
        "crypto.x509.parse_keypair(\"AAAA\", \"AAAA\")"}) {
    CHECK_MESSAGE(x_of("x := " + std::string(call)) == "undefined", call);
  }
  CHECK(x_of("x := crypto.parse_private_keys(\"\")") == "null");
  CHECK(x_of("x := crypto.parse_private_keys(\"no key here\")") == "[]");
}

namespace {

// A key pair of the curve in PEM, made by OpenSSL: our own room for keys knows no such curve.
struct CurveKey {
  std::string private_pem;
  std::string public_pem;
  std::string certificate_pem;  // signed by itself

  explicit CurveKey(char const* curve) {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen(curve), EVP_PKEY_free);
    REQUIRE(key);
    private_pem = pem([&](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    public_pem = pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, key.get()); });
    std::unique_ptr<X509, decltype(&X509_free)> const made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key.get());
    REQUIRE(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
    certificate_pem = pem([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
  }
  static std::string pem(std::function<int(BIO*)> const& write) {
    std::unique_ptr<BIO, decltype(&BIO_free)> const out(BIO_new(BIO_s_mem()), BIO_free);
    REQUIRE(write(out.get()) == 1);
    char* at = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &at);
    return {at, static_cast<std::size_t>(size)};
  }
};

std::string said_of(std::string const& builtin, std::string const& pem) {
  return x_of("x := " + builtin + "(" + Value::string(pem).to_json() + ")");
}

}  // namespace

TEST_CASE("a key's curve is named as what it is, and one that OPA cannot read is not read") {
  struct Row {
    char const* curve;
    char const* name;  // in a JWK
    bool known;        // to Go
  };
  for (Row const& row :
       {Row{"P-256", "P-256", true}, Row{"P-384", "P-384", true}, Row{"P-521", "P-521", true},
        Row{"secp224r1", "", true}, Row{"secp256k1", "", false}, Row{"brainpoolP256r1", "", false},
        Row{"brainpoolP384r1", "", false}, Row{"prime192v1", "", false}}) {
    CAPTURE(std::string(row.curve));
    CurveKey const key(row.curve);
    auto const jwk = said_of("crypto.x509.parse_rsa_private_key", key.private_pem);
    CHECK((jwk == "undefined") == std::string_view(row.name).empty());
    if (jwk != "undefined")
      CHECK(jwk.find("\"crv\": \"" + std::string(row.name) + "\"") != std::string::npos);
    CHECK((said_of("crypto.parse_private_keys", key.private_pem) != "undefined") == row.known);
    CHECK((said_of("crypto.x509.parse_certificates", key.certificate_pem) != "undefined") ==
          row.known);
    // Nor does it sign tokens.
    auto const token = std::string("eyJhbGciOiJFUzI1NiJ9.e30.AAAA");
    auto const verified = x_of("x := io.jwt.verify_es256(\"" + token + "\", " +
                               Value::string(key.public_pem).to_json() + ")");
    CHECK(verified == (row.known ? "false" : "undefined"));
  }
}

TEST_CASE("nothing unverifiable is verified") {
  CHECK(x_of("x := crypto.x509.parse_and_verify_certificates(\"nonsense\")") == "[false, []]");
  CHECK(x_of("x := crypto.x509.parse_and_verify_certificates_with_options(\"AAAA\", {})") ==
        "[false, []]");
}

}  // namespace aw::rego
