// SPDX-License-Identifier: Apache-2.0
// A private key: generated, read, used to sign, never printed.
//
// An immutable value: copies share one key, which is zeroed when the last copy goes; any thread may
// use any copy. A default-constructed key is empty and refuses everything. Errors:
// Code::key_malformed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/tls/certificate.h"
#include "core/tls/public_key.h"

namespace aw::tls {

// What `generate` makes. Read keys may be of any curve or RSA size from 2048 bits on.
enum class KeyType { p256, p384, rsa2048, rsa4096, ed25519 };

class PrivateKey {
 public:
  static constexpr std::size_t kMaxBytes = 64U << 10U;

  PrivateKey() = default;

  // Bytes behind the key are an error; so is more than kMaxBytes.
  static Result<PrivateKey> from_pkcs8_der(std::string_view der);
  // PKCS#8, SEC 1 or PKCS#1 blocks; an encrypted key is refused.
  static Result<PrivateKey> from_pem(std::string_view pem);
  // Code::internal when the library cannot. RSA keys take long to find: not on a loop.
  static Result<PrivateKey> generate(KeyType type);

  [[nodiscard]] bool empty() const { return impl_ == nullptr; }
  // The key in the clear, unencrypted PKCS#8: for a file only its owner reads, or for a copy into
  // another library context.
  [[nodiscard]] Result<Secret> pkcs8_der() const;
  [[nodiscard]] Result<Secret> pem() const;
  [[nodiscard]] Result<PublicKey> public_key() const;

  // Is this the private half of the certificate's key?
  // False for an empty key.
  [[nodiscard]] bool matches(Certificate const& certificate) const;

  // A JWS signature (RFC 7518 §3, RFC 8037 §3.1). The algorithm must fit the key.
  // ECDSA signatures are r and s side by side (RFC 7518 §3.4), never DER. Hashes `message`
  // itself.
  [[nodiscard]] Result<std::string> sign(SignatureAlgorithm algorithm,
                                         std::string_view message) const;

  struct Impl;  // openssl.h, inside this room only
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] Impl const* impl() const { return impl_.get(); }

 private:
  std::shared_ptr<const Impl> impl_;  // shared: SVIDs are copied between snapshots and contexts
};

}  // namespace aw::tls
