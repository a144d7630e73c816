// SPDX-License-Identifier: Apache-2.0
// One X.509 certificate, parsed once and read often.
//
// An immutable value: copying costs a reference count, any thread may use any copy. Nothing here
// decides whether a certificate is to be trusted; trust.h does. Errors: Code::svid_malformed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::tls {

// RFC 5280 §4.2.1.3, as bits so that they combine.
enum class KeyUsage : std::uint16_t {
  digital_signature = 1U << 0U,
  content_commitment = 1U << 1U,
  key_encipherment = 1U << 2U,
  data_encipherment = 1U << 3U,
  key_agreement = 1U << 4U,
  key_cert_sign = 1U << 5U,
  crl_sign = 1U << 6U,
};

// Accessors never fail: what the library cannot write comes out empty.
class Certificate {
 public:
  // Bounds of what is read from others; beyond them Code::svid_malformed.
  static constexpr std::size_t kMaxBytes = 64U << 10U;       // one certificate, DER
  static constexpr std::size_t kMaxChain = 16;               // certificates in one chain
  static constexpr std::size_t kMaxBundle = 1024;            // certificates in one bundle
  static constexpr std::size_t kMaxBundleBytes = 8U << 20U;  // all of a bundle's text

  // Exactly one certificate; bytes behind it are an error.
  static Result<Certificate> parse_der(std::string_view der);
  // The first CERTIFICATE block; text around it is ignored.
  static Result<Certificate> parse_pem(std::string_view pem);
  // Concatenated DER without anything between, as the Workload API sends it; 1 to `most` of them.
  static Result<std::vector<Certificate>> parse_der_chain(std::string_view der,
                                                          std::size_t most = kMaxChain);
  // Every CERTIFICATE block in order; 1 to `most` of them.
  static Result<std::vector<Certificate>> parse_pem_chain(std::string_view pem,
                                                          std::size_t most = kMaxChain);

  [[nodiscard]] std::string der() const;
  [[nodiscard]] std::string pem() const;

  // SAN entries in the order of the certificate. A URI or name with a NUL or a non-ASCII byte makes
  // the certificate unparseable, so none is ever cut short here.
  [[nodiscard]] std::vector<std::string> const& uri_sans() const;
  [[nodiscard]] std::vector<std::string> const& dns_sans() const;

  [[nodiscard]] WallTime not_before() const;
  [[nodiscard]] WallTime not_after() const;

  [[nodiscard]] bool is_ca() const;                    // basicConstraints says CA:TRUE
  [[nodiscard]] bool has_key_usage() const;            // the extension is there at all
  [[nodiscard]] bool key_usage(KeyUsage usage) const;  // there, and this bit is set
  [[nodiscard]] bool has_extended_key_usage() const;
  [[nodiscard]] bool server_auth() const;  // the extended key usage lists it
  [[nodiscard]] bool client_auth() const;

  // Control characters are escaped, so both may be logged.
  [[nodiscard]] std::string subject() const;  // RFC 2253
  [[nodiscard]] std::string issuer() const;
  [[nodiscard]] std::string serial_hex() const;          // lower case, no separators
  [[nodiscard]] std::string fingerprint_sha256() const;  // of the DER; lower-case hex
  [[nodiscard]] std::string subject_key_id() const;      // lower-case hex; empty when absent
  [[nodiscard]] std::string public_key() const;          // "ECDSA P-256", "RSA 2048", "Ed25519"

  // The same bytes.
  friend bool operator==(Certificate const& a, Certificate const& b);

  struct Impl;  // the library's object; openssl.h, inside this room only
  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] Impl const& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;  // shared: a value that is cheap to copy and never changes
};

}  // namespace aw::tls
