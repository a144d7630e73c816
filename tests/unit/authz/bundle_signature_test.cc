// SPDX-License-Identifier: Apache-2.0
#include "core/authz/bundle_signature.h"

#include <nlohmann/json.hpp>

#include "bundle_fixture.h"
#include "core/base/json.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kSecret = "a secret of enough bytes";

Result<void> checked(std::vector<BundleFile> const& files, std::string const& key,
                     std::string const& algorithm = "", std::string const& key_id = "",
                     std::string const& scope = "") {
  auto verifier = BundleVerifier::make(algorithm, key, key_id, scope);
  if (!verifier.ok()) return std::move(verifier).error();
  return verifier->check(files);
}

// The signature with one part of its token replaced.
std::vector<BundleFile> with_token(std::vector<BundleFile> files,
                                   std::function<std::string(std::string)> const& change) {
  auto document = json::parse(files.back().bytes);
  REQUIRE(document.ok());
  auto& token = (*document)["signatures"][0];
  token = change(token.get<std::string>());
  files.back().bytes = document->dump();
  return files;
}

}  // namespace

TEST_CASE("every algorithm signs, and its key verifies") {
  struct Row {
    std::string algorithm;
    tls::KeyType type;
  };
  for (auto const& [algorithm, type] : std::vector<Row>{{"ES256", tls::KeyType::p256},
                                                        {"ES384", tls::KeyType::p384},
                                                        {"RS256", tls::KeyType::rsa2048},
                                                        {"PS256", tls::KeyType::rsa2048},
                                                        {"EdDSA", tls::KeyType::ed25519}}) {
    CAPTURE(algorithm);
    SigningKey const key(type);
    auto const files =
        signed_with(bundle_of("r1", "[]"), {.algorithm = algorithm, .key = key.private_pem});
    auto const done = checked(files, key.public_pem, algorithm);
    CHECK_MESSAGE(done.ok(), (done.ok() ? "" : done.error().text()));
    SigningKey const other(type);
    CHECK_FALSE(checked(files, other.public_pem, algorithm).ok());
  }
  auto const files = signed_with(bundle_of("r1", "[]"), {.algorithm = "HS256", .key = kSecret});
  CHECK(checked(files, kSecret, "HS256").ok());
  CHECK_FALSE(checked(files, "another secret of enough bytes", "HS256").ok());
}

TEST_CASE("what was changed after signing is refused") {
  SigningKey const key;
  auto const good = signed_with(bundle_of("r1", R"(["a"])"), {.key = key.private_pem});
  REQUIRE(checked(good, key.public_pem).ok());
  auto changed = good;
  changed[1].bytes += "\nallow := true\n";
  auto const done = checked(changed, key.public_pem);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().code == Code::policy_signature);
  CHECK(done.error().text().find("authz.rego") != std::string::npos);
  auto data = good;
  data[2].bytes = R"({"actions": ["a", "b"]})";
  CHECK_FALSE(checked(data, key.public_pem).ok());
  auto added = good;
  added.insert(added.begin(), {"extra.rego", "package x\n"});
  CHECK_FALSE(checked(added, key.public_pem).ok());
  auto missing = good;
  missing.erase(missing.begin() + 1);
  CHECK_FALSE(checked(missing, key.public_pem).ok());
  auto manifest = good;
  manifest[0].bytes = "{}";
  CHECK_FALSE(checked(manifest, key.public_pem).ok());
}

TEST_CASE("the layout of a document is not signed, its meaning is") {
  SigningKey const key;
  auto files = signed_with(bundle_of("r1", R"(["a", "é<&>\u2028\n"])"), {.key = key.private_pem});
  files[2].bytes = "\n{ \"actions\" : [ \"a\",\n\"\\u00e9<&>\\u2028\\n\" ] }";
  auto const done = checked(files, key.public_pem);
  CHECK_MESSAGE(done.ok(), (done.ok() ? "" : done.error().text()));
}

TEST_CASE("an unsigned bundle is refused where signatures are asked for") {
  SigningKey const key;
  auto const done = checked(bundle_of("r1", "[]"), key.public_pem);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().text().find("not signed") != std::string::npos);
}

TEST_CASE("the algorithm is the configuration's, not the token's") {
  SigningKey const key;
  auto const files = signed_with(bundle_of("r1", "[]"), {.key = key.private_pem});
  auto with_header = [&](std::string const& header) {
    return with_token(files, [&](std::string const& token) {
      return text::to_base64url(header) + token.substr(token.find('.'));
    });
  };
  CHECK_FALSE(checked(with_header(R"({"alg":"none"})"), key.public_pem).ok());
  CHECK_FALSE(checked(with_header(R"({"alg":"HS256"})"), key.public_pem).ok());
  CHECK_FALSE(checked(with_header(R"({"alg":"ES256","crit":["x"]})"), key.public_pem).ok());
  CHECK_FALSE(checked(with_header("[]"), key.public_pem).ok());
  // The public key's text as an HMAC secret: the oldest trick of JWT.
  auto const forged =
      signed_with(bundle_of("r1", "[]"), {.algorithm = "HS256", .key = key.public_pem});
  CHECK_FALSE(checked(forged, key.public_pem).ok());
  CHECK_FALSE(checked(forged, key.public_pem, "ES256").ok());
  CHECK_FALSE(checked(files, key.public_pem, "RS256").ok());
  CHECK_FALSE(BundleVerifier::make("none", key.public_pem, "", "").ok());
  CHECK_FALSE(BundleVerifier::make("HS256", "short", "", "").ok());
  CHECK_FALSE(BundleVerifier::make("", "no key", "", "").ok());
}

TEST_CASE("key id and scope must be the expected ones") {
  SigningKey const key;
  auto const files =
      signed_with(bundle_of("r1", "[]"), {.key = key.private_pem, .key_id = "k1", .scope = "prod"});
  CHECK(checked(files, key.public_pem, "", "k1", "prod").ok());
  CHECK(checked(files, key.public_pem, "", "", "prod").ok());
  CHECK_FALSE(checked(files, key.public_pem, "", "k2", "prod").ok());
  CHECK_FALSE(checked(files, key.public_pem, "", "k1", "").ok());
  CHECK_FALSE(checked(files, key.public_pem, "", "k1", "test").ok());
}

TEST_CASE("a malformed signatures file is refused") {
  SigningKey const key;
  auto files = signed_with(bundle_of("r1", "[]"), {.key = key.private_pem});
  for (std::string const text :
       {"", "[]", "{}", R"({"signatures": []})", R"({"signatures": ["a", "b"]})",
        R"({"signatures": [7]})", R"({"signatures": ["a.b"]})", R"({"signatures": ["!.!.!"]})",
        R"({"signatures": ["a.b.c"], "plugin": "mine"})"}) {
    CAPTURE(text);
    files.back().bytes = text;
    auto const done = checked(files, key.public_pem);
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().code == Code::policy_signature);
  }
}
