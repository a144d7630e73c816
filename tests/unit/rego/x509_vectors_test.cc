// SPDX-License-Identifier: Apache-2.0
// Certificates and a request with everything that is hard to read in them: names of every kind,
// constraints, policies, usages nobody knows. What is said of them is what OPA 1.22 says. They are
// read and never verified, so it does not matter that they expire.
#include "core/base/fs.h"
#include "tests/support/source_dir.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

std::string vector_text(std::string const& name) {
  auto const text = fs::read_file(testing::source_dir() / "tests/unit/rego/x509" / name);
  REQUIRE(text.ok());
  return *text;
}

Value answer_to(std::string const& expression, std::string const& input) {
  auto const policy = test::policy_of("package p\nx := " + expression + "\n");
  auto const outcome = test::ask(*policy, "data.p.x", Value::string(input).to_json());
  REQUIRE(outcome.ok());
  return outcome.value;
}

// Member by member, so that a difference says where it is.
void check_same(Value const& given, Value const& wanted) {
  REQUIRE(given.is(Kind::object));
  for (Entry const& entry : wanted.entries()) {
    CAPTURE(entry.key.to_text());
    CHECK(given.get(entry.key.as_string()).to_text() == entry.value.to_text());
  }
  CHECK(given.size() == wanted.size());
}

}  // namespace

TEST_CASE("a certificate is described as OPA describes it, extension by extension") {
  for (std::string const name : {"authority", "extensions", "rsa_pss", "p521"}) {
    CAPTURE(name);
    auto const given = answer_to(
        "[object.remove(c, {\"Raw\", \"RawTBSCertificate\"}) | some c in "
        "crypto.x509.parse_certificates(input)]",
        vector_text(name + ".pem"));
    auto const wanted = parse_json(vector_text(name + ".json"));
    REQUIRE(wanted.ok());
    REQUIRE(given.size() == 1);
    check_same(given.items()[0], wanted->items()[0]);
  }
}

TEST_CASE(
    "several certificates are read in their order, from PEM, base64 of PEM, and base64 of DER") {
  auto const both = vector_text("extensions.pem") + vector_text("authority.pem");
  std::string const serials = "[c.SerialNumber | some c in crypto.x509.parse_certificates(input)]";
  auto const wanted = answer_to(serials, both).to_text();
  CHECK(wanted == "[255, 5373003642731685151011]");
  CHECK(answer_to("[c.SerialNumber | some c in "
                  "crypto.x509.parse_certificates(base64.encode(input))]",
                  both)
            .to_text() == wanted);
  CHECK(answer_to("[c.SerialNumber | some c in crypto.x509.parse_certificates(concat(\"\", [d | "
                  "some c in crypto.x509.parse_certificates(input); d := c.Raw]))]",
                  vector_text("p521.pem"))
            .size() == 1);
}

TEST_CASE("of RSA-PSS those parameters have a name that Go knows, and no others") {
  // Salts of the hash's length; then a mask of another hash. A longer salt: rsa_pss above.
  CHECK(answer_to("[c.SignatureAlgorithm | some c in crypto.x509.parse_certificates(input)]",
                  vector_text("pss_named.pem"))
            .to_text() == "[13, 14, 15, 0]");
}

TEST_CASE("a request is described as OPA describes it") {
  auto const given = answer_to(
      "object.remove(crypto.x509.parse_certificate_request(input), {\"Raw\", "
      "\"RawTBSCertificateRequest\"})",
      vector_text("request.pem"));
  check_same(given, *parse_json(vector_text("request.json")));
}

TEST_CASE(
    "a certificate that was cut off or changed is described or refused, never anything else") {
  auto const der = answer_to("base64.decode(crypto.x509.parse_certificates(input)[0].Raw) != \"\"",
                             vector_text("extensions.pem"));
  CHECK(der.defined());
  auto const pem = vector_text("extensions.pem");
  auto const policy =
      test::policy_of("package p\nx := count(crypto.x509.parse_certificates(input))\n");
  for (std::size_t at = 30; at + 30 < pem.size(); at += 7) {
    CAPTURE(at);
    auto changed = pem;
    if (changed[at] == '\n') continue;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    auto const outcome = test::ask(*policy, "data.p.x", Value::string(changed).to_json());
    CHECK(outcome.ok());
    if (outcome.value.defined()) CHECK(outcome.value.to_text() == "1");
  }
}

}  // namespace aw::rego
