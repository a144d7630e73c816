// SPDX-License-Identifier: Apache-2.0
// Bundles made in the test, and a bundle service that behaves as told.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/authz/bundle.h"
#include "core/authz/bundle_source.h"
#include "core/base/text.h"
#include "core/tls/private_key.h"

namespace aw::authz {

inline constexpr auto kBundlePolicy =
    "package agentweave.authz\n\ndefault allow := false\n\nallow if input.action in data.actions\n";

inline std::vector<BundleFile> bundle_of(std::string const& revision, std::string const& actions) {
  return {{".manifest", R"({"revision": ")" + revision +
                            R"(", "roots": ["agentweave", "actions"], "rego_version": 1})"},
          {"authz.rego", kBundlePolicy},
          {"data.json", R"({"actions": )" + actions + "}"}};
}

struct SigningKey {
  std::string private_pem;
  std::string public_pem;

  explicit SigningKey(tls::KeyType type = tls::KeyType::p256) {
    auto key = tls::PrivateKey::generate(type);
    REQUIRE(key.ok());
    private_pem = std::string(key->pem()->reveal());
    auto const der = key->public_key()->spki_der();
    REQUIRE(der.ok());
    auto const text = text::to_base64(*der);
    public_pem = "-----BEGIN PUBLIC KEY-----\n";
    for (std::size_t at = 0; at < text.size(); at += 64) public_pem += text.substr(at, 64) + "\n";
    public_pem += "-----END PUBLIC KEY-----\n";
  }
};

inline std::vector<BundleFile> signed_with(std::vector<BundleFile> files,
                                           BundleSigner const& signer) {
  auto signature = sign_bundle(files, signer);
  REQUIRE_MESSAGE(signature.ok(), (signature.ok() ? "" : signature.error().text()));
  files.push_back({std::string(kSignaturesFile), *signature});
  return files;
}

inline std::string packed(std::vector<BundleFile> const& files) {
  auto archive = write_archive(files);
  REQUIRE(archive.ok());
  return *archive;
}

}  // namespace aw::authz
