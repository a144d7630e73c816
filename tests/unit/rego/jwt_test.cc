// SPDX-License-Identifier: Apache-2.0
// Tokens in policies: who may have signed one, what its claims must say, what no token gets away
// with. Answers are OPA 1.22's, but for the one row on which it ends itself.
#include "core/base/text.h"
#include "tests/fixtures/pki.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

// Somebody who signs, with a certificate that says so.
struct Signer {
  fixtures::Identity identity;
  tls::SignatureAlgorithm algorithm;

  Signer(fixtures::Pki const& pki, tls::KeyType type, tls::SignatureAlgorithm how)
      : identity(pki.leaf("spiffe://example.org/signer", type)), algorithm(how) {}

  [[nodiscard]] std::string pem() const { return identity.chain.front().pem(); }
  [[nodiscard]] std::string name() const { return std::string(tls::algorithm_name(algorithm)); }
  [[nodiscard]] std::string token(std::string const& header,
                                  std::string const& claims = R"({"sub":"a"})") const {
    auto const text = text::to_base64url(header) + "." + text::to_base64url(claims);
    return text + "." + text::to_base64url(fixtures::must(identity.key.sign(algorithm, text)));
  }
  [[nodiscard]] std::string token() const { return token(R"({"alg":")" + name() + "\"}"); }
};

std::vector<Signer> signers(fixtures::Pki const& pki) {
  using tls::KeyType;
  using tls::SignatureAlgorithm;
  std::vector<Signer> out;
  out.emplace_back(pki, KeyType::p256, SignatureAlgorithm::es256);
  out.emplace_back(pki, KeyType::p384, SignatureAlgorithm::es384);
  out.emplace_back(pki, KeyType::rsa2048, SignatureAlgorithm::rs256);
  out.emplace_back(pki, KeyType::rsa2048, SignatureAlgorithm::ps256);
  out.emplace_back(pki, KeyType::ed25519, SignatureAlgorithm::eddsa);
  return out;
}

std::string rego_text(std::string const& text) { return Value::string(text).to_json(); }

// true, false, or undefined where the builtin fails.
std::string verdict(std::string const& token, std::string const& cert,
                    std::string const& more = {}) {
  return test::x_of("x := io.jwt.decode_verify(" + rego_text(token) +
                    ", {\"cert\": " + rego_text(cert) + more + "})[0]");
}

std::string verified_as(std::string const& builtin, std::string const& token,
                        std::string const& key) {
  return test::x_of("x := io.jwt.verify_" + builtin + "(" + rego_text(token) + ", " +
                    rego_text(key) + ")");
}

struct ClaimsRow {
  std::string_view what;
  std::string_view header;
  std::string_view claims;
  std::string_view constraints;
  std::string_view answer;
};

constexpr ClaimsRow kClaimsRows[] = {
    {"the key alone", R"({"alg": "HS256", "typ": "JWT"})", R"({"sub": "a"})",
     R"({"secret": "secret"})", "true"},
    {"another secret", R"({"alg": "HS256", "typ": "JWT"})", R"({"sub": "a"})",
     R"({"secret": "other"})", "false"},
    {"no key", R"({"alg": "HS256", "typ": "JWT"})", R"({})", R"({})", "undefined"},
    {"an empty secret is no key", R"({"alg": "HS256", "typ": "JWT"})", R"({})", R"({"secret": ""})",
     "undefined"},
    {"a secret and a certificate", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "cert": "x"})", "undefined"},
    {"a certificate that is none", R"({"alg": "HS256", "typ": "JWT"})", R"({})", R"({"cert": "x"})",
     "undefined"},
    {"an unknown constraint", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "exp": 1})", "undefined"},
    {"a secret that is no text", R"({"alg": "HS256", "typ": "JWT"})", R"({})", R"({"secret": 1})",
     "undefined"},
    {"the algorithm asked for", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "alg": "HS256"})", "true"},
    {"another algorithm", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "alg": "HS512"})", "false"},
    {"an algorithm that is no text", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "alg": 256})", "undefined"},
    {"its issuer", R"({"alg": "HS256", "typ": "JWT"})", R"({"iss": "us"})",
     R"({"secret": "secret", "iss": "us"})", "true"},
    {"another issuer", R"({"alg": "HS256", "typ": "JWT"})", R"({"iss": "them"})",
     R"({"secret": "secret", "iss": "us"})", "false"},
    {"no issuer where one is asked for", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "iss": "us"})", "false"},
    {"an issuer that is a list", R"({"alg": "HS256", "typ": "JWT"})", R"({"iss": ["us"]})",
     R"({"secret": "secret", "iss": "us"})", "false"},
    {"its audience", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": "me"})",
     R"({"secret": "secret", "aud": "me"})", "true"},
    {"one of its audiences", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": ["you", "me"]})",
     R"({"secret": "secret", "aud": "me"})", "true"},
    {"another audience", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": ["you"]})",
     R"({"secret": "secret", "aud": "me"})", "false"},
    {"no audience where one is asked for", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "aud": "me"})", "false"},
    {"an audience nobody asked for", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": "me"})",
     R"({"secret": "secret"})", "false"},
    {"an audience that is a number", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": 7})",
     R"({"secret": "secret", "aud": "7"})", "false"},
    {"an audience list of numbers", R"({"alg": "HS256", "typ": "JWT"})", R"({"aud": [7]})",
     R"({"secret": "secret", "aud": "7"})", "false"},
    {"before it expires", R"({"alg": "HS256", "typ": "JWT"})", R"({"exp": 100})",
     R"({"secret": "secret", "time": 99000000000})", "true"},
    {"at the second it expires", R"({"alg": "HS256", "typ": "JWT"})", R"({"exp": 100})",
     R"({"secret": "secret", "time": 100000000000})", "false"},
    {"after it expired, by the clock", R"({"alg": "HS256", "typ": "JWT"})", R"({"exp": 100})",
     R"({"secret": "secret"})", "false"},
    {"an expiry that is text", R"({"alg": "HS256", "typ": "JWT"})", R"({"exp": "never"})",
     R"({"secret": "secret", "time": 0})", "undefined"},
    {"before it begins", R"({"alg": "HS256", "typ": "JWT"})", R"({"nbf": 100})",
     R"({"secret": "secret", "time": 99999999999})", "false"},
    {"when it begins", R"({"alg": "HS256", "typ": "JWT"})", R"({"nbf": 100})",
     R"({"secret": "secret", "time": 100000000000})", "true"},
    {"a beginning that is text", R"({"alg": "HS256", "typ": "JWT"})", R"({"nbf": "now"})",
     R"({"secret": "secret", "time": 0})", "undefined"},
    {"a fraction of a second", R"({"alg": "HS256", "typ": "JWT"})",
     R"({"exp": 100.5, "nbf": 100.25})", R"({"secret": "secret", "time": 100300000000})", "true"},
    {"a time that is no number", R"({"alg": "HS256", "typ": "JWT"})", R"({})",
     R"({"secret": "secret", "time": "now"})", "undefined"},
    {"critical: what is understood", R"({"alg": "HS256", "kid": "k", "crit": ["kid"]})", R"({})",
     R"({"secret": "secret"})", "true"},
    {"critical: what is not", R"({"alg": "HS256", "exp": 1, "crit": ["exp"]})", R"({})",
     R"({"secret": "secret"})", "false"},
    {"critical: what is not there", R"({"alg": "HS256", "crit": ["b64"]})", R"({})",
     R"({"secret": "secret"})", "true"},
    {"critical: nothing", R"({"alg": "HS256", "crit": []})", R"({})", R"({"secret": "secret"})",
     "undefined"},
    {"critical: no list", R"({"alg": "HS256", "crit": "kid"})", R"({})", R"({"secret": "secret"})",
     "undefined"},
    {"critical: no text", R"({"alg": "HS256", "crit": [1]})", R"({})", R"({"secret": "secret"})",
     "undefined"},
    {"a type of its own", R"({"alg": "HS256", "typ": "at+jwt"})", R"({"a": 1})",
     R"({"secret": "secret"})", "true"},
    {"encrypted", R"({"alg": "HS256", "enc": "A128GCM"})", R"({})", R"({"secret": "secret"})",
     "undefined"},
};

}  // namespace

TEST_CASE("a token is verified by its signer's certificate, under its own algorithm only") {
  fixtures::Pki const pki;
  auto const all = signers(pki);
  for (auto const& signer : all) {
    auto const token = signer.token();
    CAPTURE(signer.name());
    CHECK(verdict(token, signer.pem()) == "true");
    for (auto const& other : all) {
      CAPTURE(other.name());
      bool const same = &other == &signer;
      CHECK(verdict(token, other.pem()) == (same ? "true" : "false"));
      CHECK(verdict(token, signer.pem(), R"(, "alg": ")" + other.name() + "\"") ==
            (same ? "true" : "false"));
      CHECK(verified_as(text::lower(other.name()), token, signer.pem()) ==
            (same ? "true" : "false"));
    }
  }
}

TEST_CASE("no byte of a token can be changed, and none can be left out") {
  fixtures::Pki const pki;
  for (auto const& signer : signers(pki)) {
    CAPTURE(signer.name());
    auto const token = signer.token();
    auto const claims = token.find('.') + 1;
    auto const signature = token.rfind('.') + 1;
    for (std::size_t const at : {claims + 3, claims + 8, signature, signature + 20}) {
      CAPTURE(at);
      auto changed = token;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      CHECK(verdict(changed, signer.pem()) != "true");
    }
    CHECK(verdict(token.substr(0, signature), signer.pem()) == "false");
    CHECK(verdict(token.substr(0, token.size() - 4), signer.pem()) == "false");
    CHECK(verdict(token.substr(0, signature - 1), signer.pem()) == "undefined");
    auto const other = signer.token(R"({"alg":")" + signer.name() + "\"}", R"({"sub":"b"})");
    CHECK(verdict(token.substr(0, signature) + other.substr(other.rfind('.') + 1), signer.pem()) ==
          "false");
  }
}

TEST_CASE("a public key is no secret: a token that is hashed with it is not signed by its owner") {
  fixtures::Pki const pki;
  for (auto const& signer : signers(pki)) {
    CAPTURE(signer.name());
    for (auto const& secret : {signer.pem(), signer.pem().substr(0, signer.pem().size() - 1)}) {
      auto const key = R"({"kty":"oct","k":")" + text::to_base64url(secret) + "\"}";
      auto const call =
          R"(io.jwt.encode_sign_raw("{\"alg\":\"HS256\"}", "{}", )" + rego_text(key) + ")";
      CHECK(test::x_of("x := io.jwt.decode_verify(" + call +
                       ", {\"cert\": " + rego_text(signer.pem()) + "})[0]") == "false");
    }
  }
}

TEST_CASE("a token that says it needs no signature, or one nobody knows, is not verified") {
  fixtures::Pki const pki;
  Signer const signer(pki, tls::KeyType::p256, tls::SignatureAlgorithm::es256);
  for (std::string const header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":""})", R"({})", R"({"alg":"es256"})",
        R"({"alg":["ES256"]})", R"({"alg":"ES256K"})", R"({"alg":"HS256"})",
        R"({"alg":"ES512"})"}) {
    CAPTURE(header);
    auto const token = signer.token(header);
    CHECK(verdict(token, signer.pem()) == "false");
    CHECK(verdict(token.substr(0, token.rfind('.') + 1), signer.pem()) == "false");
  }
}

TEST_CASE("a key's numbers as JSON verify what its certificate does, and changed ones nothing") {
  fixtures::Pki const pki;
  for (auto const& signer : signers(pki)) {
    CAPTURE(signer.name());
    auto const key = fixtures::must(tls::PublicKey::of(signer.identity.chain.front()));
    auto const numbers = fixtures::must(key.numbers());
    std::vector<std::pair<std::string, std::string>> members = {{"kty", numbers.type}};
    if (!numbers.curve.empty()) members.emplace_back("crv", numbers.curve);
    for (auto const& [name, bytes] : {std::pair("x", numbers.x), std::pair("y", numbers.y),
                                      std::pair("n", numbers.n), std::pair("e", numbers.e)}) {
      if (!bytes.empty()) members.emplace_back(name, text::to_base64url(bytes));
    }
    auto const jwk = [](auto const& given) {
      std::string out = "{";
      for (auto const& [name, value] : given) {
        out += (out.size() > 1 ? ",\"" : "\"") + name + "\":\"" + value + "\"";
      }
      return out + "}";
    };
    auto const token = signer.token();
    CHECK(verdict(token, jwk(members)) == "true");
    CHECK(verdict(token, "{\"keys\":[" + jwk(members) + "]}") == "true");
    for (std::size_t i = 0; i < members.size(); ++i) {
      CAPTURE(members[i].first);
      for (std::string const value : {"", "AA", "*", "AQAB", "P-521", "none"}) {
        if (value == members[i].second) continue;
        auto changed = members;
        changed[i].second = value;
        CHECK(verdict(token, jwk(changed)) != "true");
      }
      auto without = members;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      CHECK(verdict(token, jwk(without)) != "true");
    }
  }
}

TEST_CASE("of a set of keys the one that is named counts, or else any whose algorithm fits") {
  std::string const keys = R"({"keys":[
      {"kty":"oct","k":"b3RoZXI","kid":"old","alg":"HS256"},
      {"kty":"oct","k":"c2VjcmV0","kid":"new","alg":"HS256"},
      {"kty":"oct","k":"c2VjcmV0","kid":"wrong","alg":"HS512"}]})";
  struct Row {
    std::string_view header;
    std::string_view answer;
  };
  for (auto const& [header, answer] : {
           Row{R"({"alg":"HS256","kid":"new"})", "true"},
           Row{R"({"alg":"HS256","kid":"old"})", "false"},
           Row{R"({"alg":"HS256","kid":"nobody"})", "true"},
           Row{R"({"alg":"HS256"})", "true"},
       }) {
    CAPTURE(header);
    auto const token = "io.jwt.encode_sign_raw(" + rego_text(std::string(header)) +
                       R"(, "{}", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"))";
    CHECK(test::x_of("x := io.jwt.decode_verify(" + token + ", {\"cert\": " + rego_text(keys) +
                     "})[0]") == answer);
  }
}

TEST_CASE("what a token's claims and header must say") {
  for (auto const& row : kClaimsRows) {
    CAPTURE(row.what);
    auto const call = "io.jwt.encode_sign_raw(json.marshal(" + std::string(row.header) +
                      "), json.marshal(" + std::string(row.claims) +
                      R"(), json.marshal({"kty": "oct", "k": "c2VjcmV0"})))";
    auto const policy = test::policy_of("package p\nx := io.jwt.decode_verify(" + call + ", " +
                                        std::string(row.constraints) + ")[0]");
    auto const outcome = test::ask(*policy, "data.p.x", "", {.now = fixtures::wall_now()});
    REQUIRE(outcome.ok());
    CHECK((outcome.value.defined() ? outcome.value.to_text() : "undefined") == row.answer);
  }
}

TEST_CASE("a token in a token is verified at each depth, to a bound") {
  auto const made = [](std::string const& depth) {
    return "key := {\"kty\": \"oct\", \"k\": \"c2VjcmV0\"}\n"
           "t0 := io.jwt.encode_sign({\"alg\": \"HS256\"}, {\"sub\": \"a\"}, key)\n" +
           depth;
  };
  std::string layers;
  for (int i = 1; i <= 9; ++i) {
    auto const last = std::to_string(i - 1);
    layers +=
        "t" + std::to_string(i) +
        R"( := io.jwt.encode_sign_raw("{\"alg\":\"HS256\",\"typ\":\"x\",\"cty\":\"JWT\"}", t)" +
        last + ", json.marshal(key))\n";
  }
  auto const rules = made(layers);
  auto const outcome = [&rules](int depth) {
    return test::x_of(rules + "x := io.jwt.decode_verify(t" + std::to_string(depth) +
                      ", {\"secret\": \"secret\"})[2]");
  };
  CHECK(outcome(0) == R"({"sub": "a"})");
  CHECK(outcome(3) == R"({"sub": "a"})");
  CHECK(outcome(9) == "undefined");
  // The outer signature alone is not enough.
  CHECK(
      test::x_of(
          rules +
          "bad := io.jwt.encode_sign({\"alg\": \"HS256\"}, {}, {\"kty\": \"oct\", \"k\": "
          "\"b3RoZXI\"})\n"
          "outer := "
          R"(io.jwt.encode_sign_raw("{\"alg\":\"HS256\",\"typ\":\"x\",\"cty\":\"JWT\"}", bad, json.marshal(key)))"
          "\nx := io.jwt.decode_verify(outer, {\"secret\": \"secret\"})[0]") == "false");
}

TEST_CASE("what is no token is not read") {
  for (std::string const bad : {"", ".", "..", "a", "a.b", "a.b.c", "a.b.c.d", "e30", "e30.e30",
                                "e30.e30.*", "*.e30.e30", "e30.*.e30", "W10.e30.e30", "e30.W10.e30",
                                "bnVsbA.e30.", "eyJhIjox.e30.", "eyJhbGciOiJIUzI1NiJ9 .e30."}) {
    CAPTURE(bad);
    CHECK(test::x_of("x := io.jwt.decode(" + rego_text(bad) + ")") == "undefined");
    CHECK(test::x_of("x := io.jwt.decode_verify(" + rego_text(bad) + ", {\"secret\": \"s\"})[0]") !=
          "true");
  }
}

TEST_CASE("what cannot be signed is not") {
  for (
      std::string const call : {
          R"(io.jwt.encode_sign({}, {}, {"kty": "oct", "k": "c2VjcmV0"}))",
          R"(io.jwt.encode_sign({"alg": "none"}, {}, {"kty": "oct", "k": "c2VjcmV0"}))",
          R"(io.jwt.encode_sign({"alg": "RS256"}, {}, {"kty": "oct", "k": "c2VjcmV0"}))",
          R"(io.jwt.encode_sign({"alg": "HS256"}, {}, {"kty": "oct"}))",
          R"(io.jwt.encode_sign({"alg": "HS256"}, {}, {"kty": "unknown"}))",
          R"(io.jwt.encode_sign({"alg": "HS256"}, {}, {"keys": []}))",
          R"(io.jwt.encode_sign_raw("", "{}", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"))",
          R"(io.jwt.encode_sign_raw("{", "{}", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"))",
          R"(io.jwt.encode_sign_raw("{\"alg\":\"HS256\"}", "no json", "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"))",
          R"(io.jwt.encode_sign_raw("{\"alg\":\"HS256\"}", "{}", "no key"))",
      }) {
    CAPTURE(call);
    CHECK(test::x_of("x := " + call) == "undefined");
  }
}

}  // namespace aw::rego
