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

enum class KeyType { p256, p384, rsa2048, rsa4096, ed25519 };

class PrivateKey {
 public:
  static constexpr std::size_t kMaxBytes = 64U << 10U;

  PrivateKey() = default;

  static Result<PrivateKey> from_pkcs8_der(std::string_view der);
  // PKCS#8, SEC 1 or PKCS#1 blocks; an encrypted key is refused.
  static Result<PrivateKey> from_pem(std::string_view pem);
  static Result<PrivateKey> generate(KeyType type);

  [[nodiscard]] bool empty() const { return impl_ == nullptr; }
  [[nodiscard]] Result<Secret> pkcs8_der() const;
  [[nodiscard]] Result<Secret> pem() const;
  [[nodiscard]] Result<PublicKey> public_key() const;

  // Is this the private half of the certificate's key?
  [[nodiscard]] bool matches(Certificate const& certificate) const;

  // A JWS signature (RFC 7518 §3, RFC 8037 §3.1). The algorithm must fit the key.
  [[nodiscard]] Result<std::string> sign(SignatureAlgorithm algorithm,
                                         std::string_view message) const;

  struct Impl;  // openssl.h, inside this room only
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] Impl const* impl() const { return impl_.get(); }

 private:
  std::shared_ptr<const Impl> impl_;  // shared: SVIDs are copied between snapshots and contexts
};

}  // namespace aw::tls
