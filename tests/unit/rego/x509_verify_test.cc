// SPDX-License-Identifier: Apache-2.0
// Whose certificates a policy may call verified: chains minted here, root first, and what is asked
// of them.
#include "tests/fixtures/pki.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

using fixtures::must;

// A root, an authority below it, and a leaf of that one.
struct Chain {
  fixtures::Pki pki;
  tls::Authority middle =
      must(tls::make_intermediate(pki.ca_spec("spiffe://example.org"), pki.authority()));
  tls::PrivateKey key = must(tls::PrivateKey::generate(tls::KeyType::p256));

  [[nodiscard]] tls::LeafSpec spec() const {
    auto out = pki.leaf_spec("spiffe://example.org/agent/a");
    out.dns_names = {"a.example.org", "*.agents.example.org"};
    return out;
  }
  [[nodiscard]] std::string leaf(tls::LeafSpec const& spec) const {
    return must(tls::issue(spec, middle, key)).pem();
  }
  [[nodiscard]] std::string leaf() const { return leaf(spec()); }
  [[nodiscard]] std::string root() const { return pki.certificate().pem(); }
  [[nodiscard]] std::string between() const { return middle.certificate.pem(); }
  [[nodiscard]] std::string whole() const { return root() + between() + leaf(); }
};

Value asked(std::string const& expression, std::string const& pem,
            WallTime now = fixtures::wall_now()) {
  auto const policy = test::policy_of("package p\nx := " + expression + "\n");
  auto const outcome = test::ask(*policy, "data.p.x", Value::string(pem).to_json(), {.now = now});
  REQUIRE(outcome.ok());
  return outcome.value;
}

std::string verifies(std::string const& pem, WallTime now = fixtures::wall_now()) {
  return asked("crypto.x509.parse_and_verify_certificates(input)[0]", pem, now).to_text();
}

std::string verifies_with(std::string const& pem, std::string const& options) {
  auto const out = asked(
      "crypto.x509.parse_and_verify_certificates_with_options(input, " + options + ")[0]", pem);
  return out.defined() ? out.to_text() : "undefined";
}

}  // namespace

TEST_CASE("a chain is verified from its root to its leaf, and given back leaf first") {
  Chain const chain;
  CHECK(verifies(chain.whole()) == "true");
  CHECK(asked("count(crypto.x509.parse_and_verify_certificates(input)[1])", chain.whole())
            .to_text() == "3");
  CHECK(asked("crypto.x509.parse_and_verify_certificates(input)[1][0].URIStrings", chain.whole())
            .to_text() == R"(["spiffe://example.org/agent/a"])");
}

TEST_CASE("a chain that leads elsewhere, or nowhere, is not verified and says nothing") {
  Chain const chain;
  Chain const other;
  struct Row {
    std::string_view what;
    std::string pem;
  };
  for (auto const& [what, pem] : std::vector<Row>{
           {"a leaf alone", chain.leaf()},
           {"a root alone", chain.root()},
           {"nothing", ""},
           {"the middle is missing", chain.root() + chain.leaf()},
           {"leaf first", chain.leaf() + chain.between() + chain.root()},
           {"another root", other.root() + chain.between() + chain.leaf()},
           {"another middle", chain.root() + other.between() + chain.leaf()},
           {"another leaf", chain.root() + chain.between() + other.leaf()},
           {"the middle as root of a leaf that is not its own",
            chain.between() + other.between() + other.leaf()},
       }) {
    CAPTURE(what);
    CHECK(asked("crypto.x509.parse_and_verify_certificates(input)", pem).to_text() ==
          "[false, []]");
  }
  // An authority may be the anchor of its own leaves.
  CHECK(verifies(chain.between() + chain.leaf()) == "true");
}

TEST_CASE(
    "a leaf that may not sign does not, and one that is over or not yet begun is not verified") {
  Chain const chain;
  auto const now = fixtures::wall_now();
  CHECK(verifies(chain.whole(), now + std::chrono::hours(3)) == "false");
  CHECK(verifies(chain.whole(), now - std::chrono::hours(3)) == "false");
  auto const leaf = must(tls::issue(chain.spec(), chain.middle, chain.key));
  auto const below =
      must(tls::issue(chain.spec(), tls::Authority{leaf, chain.key}, chain.key)).pem();
  CHECK(verifies(chain.root() + chain.between() + leaf.pem() + below) == "false");
}

TEST_CASE("what is asked of a chain beside its signatures") {
  Chain const chain;
  auto const pem = chain.whole();
  auto const now = std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(fixtures::wall_now().time_since_epoch())
          .count());
  struct Row {
    std::string options;
    std::string_view answer;
  };
  for (auto const& [options, answer] : std::vector<Row>{
           {"{}", "true"},
           {R"({"DNSName": "a.example.org"})", "true"},
           {R"({"DNSName": "A.EXAMPLE.org"})", "true"},
           {R"({"DNSName": "b.agents.example.org"})", "true"},
           {R"({"DNSName": "b.c.agents.example.org"})", "false"},
           {R"({"DNSName": "agents.example.org"})", "false"},
           {R"({"DNSName": "evil.example"})", "false"},
           {R"({"DNSName": "10.0.0.1"})", "false"},
           {R"({"DNSName": 7})", "undefined"},
           {R"({"KeyUsages": ["KeyUsageServerAuth"]})", "true"},
           {R"({"KeyUsages": ["KeyUsageClientAuth"]})", "true"},
           {R"({"KeyUsages": {"KeyUsageAny"}})", "true"},
           {R"({"KeyUsages": ["KeyUsageCodeSigning"]})", "false"},
           {R"({"KeyUsages": ["KeyUsageCodeSigning", "KeyUsageClientAuth"]})", "true"},
           {R"({"KeyUsages": ["KeyUsageNothing"]})", "undefined"},
           {R"({"KeyUsages": "KeyUsageAny"})", "undefined"},
           {R"({"CurrentTime": )" + now + "}", "true"},
           {R"({"CurrentTime": 0})", "false"},
           {R"({"CurrentTime": "now"})", "undefined"},
           {R"({"CurrentTime": 1.5})", "undefined"},
           {R"({"MaxConstraintComparisons": 10})", "true"},
           {R"({"MaxConstraintComparisons": "10"})", "undefined"},
           {R"({"Roots": []})", "undefined"},
       }) {
    CAPTURE(options);
    CHECK(verifies_with(pem, options) == answer);
  }
}

TEST_CASE("a key belongs to its certificate, or the pair is none") {
  Chain const chain;
  Chain const other;
  auto const key = std::string(must(chain.key.pem()).reveal());
  auto const theirs = std::string(must(other.key.pem()).reveal());
  auto const pair = [&chain](std::string const& with) {
    auto const policy = test::policy_of(
        "package p\nx := count(crypto.x509.parse_keypair(input.cert, input.key).Certificate)\n");
    auto const outcome = test::ask(*policy, "data.p.x",
                                   R"({"cert":)" + Value::string(chain.leaf()).to_json() +
                                       R"(,"key":)" + Value::string(with).to_json() + "}");
    return outcome.value.defined() ? outcome.value.to_text() : "undefined";
  };
  CHECK(pair(key) == "1");
  CHECK(pair(theirs) == "undefined");
  CHECK(pair(chain.leaf()) == "undefined");
  CHECK(pair("") == "undefined");
}

}  // namespace aw::rego
