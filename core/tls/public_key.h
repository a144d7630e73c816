// SPDX-License-Identifier: Apache-2.0
// A public key: checks signatures; travels as SPKI or as the numbers of a JWK.
//
// An immutable value, cheap to copy; any thread. Errors: Code::key_malformed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/tls/certificate.h"

namespace aw::tls {

// The names of RFC 7518 §3.1 and RFC 8037 §3.1; no other algorithm is spoken, least of all "none".
enum class SignatureAlgorithm { es256, es384, rs256, ps256, eddsa };

[[nodiscard]] std::string_view algorithm_name(SignatureAlgorithm algorithm);  // "ES256"
[[nodiscard]] std::optional<SignatureAlgorithm> parse_algorithm(std::string_view name);

// A key's numbers, big-endian bytes, as a JWK has them (RFC 7518 §6, RFC 8037 §2) before base64url.
struct KeyNumbers {
  std::string type;   // "EC", "RSA", "OKP"
  std::string curve;  // "P-256", "P-384", "Ed25519"; empty for RSA
  std::string x;      // EC and OKP
  std::string y;      // EC
  std::string n;      // RSA
  std::string e;      // RSA
};

// Always holds a key: there is no empty one.
class PublicKey {
 public:
  // At most PrivateKey::kMaxBytes, and nothing behind it. Any kind the library reads; what JOSE
  // cannot use has no `algorithm` and verifies nothing.
  static Result<PublicKey> from_spki_der(std::string_view der);
  // The first PUBLIC KEY block.
  static Result<PublicKey> from_pem(std::string_view pem);
  // Coordinates have the curve's full length (RFC 7518 §6.2.1.2); RSA from 2048 to 8192 bits. The
  // point must lie on the curve.
  static Result<PublicKey> from_numbers(KeyNumbers const& numbers);
  static Result<PublicKey> of(Certificate const& certificate);

  [[nodiscard]] Result<std::string> spki_der() const;
  // An error for a curve without a JWK form here (other than P-256, P-384, Ed25519).
  [[nodiscard]] Result<KeyNumbers> numbers() const;
  [[nodiscard]] std::string description() const;  // "ECDSA P-256"

  // The algorithm this key signs with (an RSA key also with ps256); nullopt for curves JOSE has
  // none for.
  [[nodiscard]] std::optional<SignatureAlgorithm> algorithm() const;
  [[nodiscard]] bool fits(SignatureAlgorithm algorithm) const;
  // False for a bad signature and for an algorithm that does not fit the key.
  // ECDSA signatures as in JOSE: exactly 64 or 96 bytes, r and s side by side. Never an error:
  // what goes wrong inside is false.
  [[nodiscard]] bool verify(SignatureAlgorithm algorithm, std::string_view message,
                            std::string_view signature) const;

  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] Impl const& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

// The base64url SHA-256 thumbprint of RFC 7638: a stable key id.
[[nodiscard]] Result<std::string> thumbprint(PublicKey const& key);

}  // namespace aw::tls
