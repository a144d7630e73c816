// SPDX-License-Identifier: Apache-2.0
// Who made this bundle: `.signatures.json`, a JWS over the digests of its files, as OPA signs and
// checks it (OPA documentation, "Bundle File Format", "Signing").
//
// The key and the algorithm come from the configuration, never from the bundle: a token that names
// another algorithm is refused. Pure. Errors: Code::policy_signature.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/authz/bundle_archive.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/tls/private_key.h"
#include "core/tls/public_key.h"

namespace aw::authz {

inline constexpr std::string_view kSignaturesFile = ".signatures.json";
inline constexpr std::string_view kManifestFile = ".manifest";

// What a bundle is checked with. `secret` is for HS256, `key` for all others.
// Immutable; copies share the key; any thread. Errors are Code::policy_signature, whatever is
// wrong, with the file that is.
class BundleVerifier {
 public:
  // `algorithm`: ES256, ES384, RS256, PS256, EdDSA or HS256; empty = the one that fits the key.
  // `key`: PEM of a public key, or the secret of HS256. Code::config_unsupported.
  static Result<BundleVerifier> make(std::string_view algorithm, std::string_view key,
                                     std::string key_id, std::string scope);

  // Every file is listed with its digest, and every listed file is there. An unsigned bundle fails.
  [[nodiscard]] Result<void> check(std::span<const BundleFile> files) const;

 private:
  BundleVerifier() = default;
  [[nodiscard]] Result<std::string> payload_of(std::string_view token) const;
  [[nodiscard]] bool good(std::string_view message, std::string_view signature) const;

  std::string algorithm_;
  std::optional<tls::PublicKey> key_;
  std::shared_ptr<const Secret> secret_;  // HS256; shared by copies of the verifier
  std::string key_id_;
  std::string scope_;
};

// `key` is a secret; whoever fills this wipes it.
struct BundleSigner {
  std::string algorithm;  // empty: the one that fits the key
  std::string key;        // PEM of a private key, or the secret of HS256
  std::string key_id = "default";
  std::string scope;
};

// The `.signatures.json` of these files.
// Code::config_unsupported for an algorithm that does not fit the key.
[[nodiscard]] Result<std::string> sign_bundle(std::span<const BundleFile> files,
                                              BundleSigner const& signer);

// The digest that OPA takes of a file: of its bytes, or of the canonical JSON of a document.
[[nodiscard]] Result<std::string> bundle_digest(BundleFile const& file);

}  // namespace aw::authz
