// SPDX-License-Identifier: Apache-2.0
// Bundles and OPA's own program: each takes what the other made and signed.
#include <array>
#include <cstdio>
#include <fstream>

#include "bundle_fixture.h"
#include "core/base/fs.h"
#include "real_opa.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::authz;

namespace {

struct Ran {
  int status = -1;
  std::string out;
};

Ran run(std::string const& command) {
  Ran out;
  auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> piece{};
  while (auto const size = std::fread(piece.data(), 1, piece.size(), pipe)) {
    out.out.append(piece.data(), size);
  }
  out.status = ::pclose(pipe);
  return out;
}

void put(std::filesystem::path const& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct Algorithm {
  std::string name;
  tls::KeyType type;
};

constexpr auto kSharedSecret = "a secret that both sides know";

}  // namespace

TEST_CASE("a bundle that opa built and signed is taken, and opa takes ours") {
  auto const opa = opa_program();
  if (opa.empty()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  testing::TempDir directory;
  auto const at = directory.path().string();
  put(directory / "src/agentweave/authz.rego", kBundlePolicy);
  put(directory / "src/data.json",
      R"({"actions": ["invoice", "a<b>&\u2028\"\\é", 1.50, 1e3, null]})");
  put(directory / "src/deep/er/data.yaml", "x: [1, two, true]\ny: {z: 3.25}\n");
  put(directory / "src/.manifest",
      R"({"revision": "r5", "roots": ["agentweave", "actions", "deep"]})");
  for (auto const& [name, type] : std::vector<Algorithm>{{"ES256", tls::KeyType::p256},
                                                         {"ES384", tls::KeyType::p384},
                                                         {"RS256", tls::KeyType::rsa2048},
                                                         {"PS256", tls::KeyType::rsa2048},
                                                         {"HS256", tls::KeyType::p256}}) {
    CAPTURE(name);
    bool const hmac = name == "HS256";
    SigningKey const key(type);
    put(directory / "key.pem", key.private_pem);
    put(directory / "pub.pem", key.public_pem);
    auto const signing = hmac ? "'" + std::string(kSharedSecret) + "'" : at + "/key.pem";
    auto const verifying = hmac ? "'" + std::string(kSharedSecret) + "'" : at + "/pub.pem";

    auto const built = run("cd " + at + " && " + opa + " build -b src --signing-alg " + name +
                           " --signing-key " + signing + " -o theirs.tar.gz");
    REQUIRE_MESSAGE(built.status == 0, built.out);
    auto const files = bundle_files(at + "/theirs.tar.gz");
    REQUIRE_MESSAGE(files.ok(), (files.ok() ? "" : files.error().text()));
    BundleVerification verification{.algorithm = name};
    if (hmac) verification.secret = kSharedSecret;
    if (!hmac) verification.public_key = at + "/pub.pem";
    auto const opened = open_bundle(*files, verification);
    REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().text()));
    CHECK(opened->revision == "r5");
    CHECK(opened->files.modules.size() == 1);

    auto const plain = bundle_files(at + "/src");
    REQUIRE(plain.ok());
    put(directory / "ours.tar.gz",
        packed(signed_with(*plain,
                           {.algorithm = name, .key = hmac ? kSharedSecret : key.private_pem})));
    auto const asked =
        run(opa + " eval -b " + at + "/ours.tar.gz --format values" + " data.deep.er.y.z");
    CHECK(asked.status == 0);  // `opa eval` looks at no signature; building again verifies it
    CHECK(asked.out.find("3.25") != std::string::npos);
    auto const verified = run("cd " + at + " && " + opa + " build -b ours.tar.gz --signing-alg " +
                              name + " --verification-key " + verifying + " -o again.tar.gz");
    CHECK_MESSAGE(verified.status == 0, verified.out);
    SigningKey const stranger(type);
    put(directory / "pub.pem", stranger.public_pem);
    auto const refused = run("cd " + at + " && " + opa + " build -b ours.tar.gz --signing-alg " +
                             name + " --verification-key " +
                             (hmac ? "'some other secret'" : at + "/pub.pem") + " -o again.tar.gz");
    CHECK(refused.status != 0);
  }
}
