// SPDX-License-Identifier: Apache-2.0
// Certificates and keys in policies: what is said of them, what is refused, and who is trusted.
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

TEST_CASE("nothing unverifiable is verified") {
  CHECK(x_of("x := crypto.x509.parse_and_verify_certificates(\"nonsense\")") == "[false, []]");
  CHECK(x_of("x := crypto.x509.parse_and_verify_certificates_with_options(\"AAAA\", {})") ==
        "[false, []]");
}

}  // namespace aw::rego
