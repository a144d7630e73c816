// SPDX-License-Identifier: Apache-2.0
// One trust domain's authorities, in the three forms they travel in (SPIFFE Trust Domain and
// Bundle §4).
//
// An immutable value, cheap to copy: its trust store is built once, when the bundle is made. Any
// thread. An empty bundle is valid and trusts nobody. Errors: Code::bundle_malformed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/identity/spiffe_id.h"
#include "core/tls/certificate.h"
#include "core/tls/public_key.h"
#include "core/tls/trust.h"

namespace aw::identity {

// A key that signs JWT-SVIDs; `key_id` is its `kid`, never empty.
struct JwtAuthority {
  std::string key_id;
  tls::PublicKey key;
};

// What a bundle is made of; nothing is checked until `make`.
struct BundleContent {
  std::vector<tls::Certificate> x509_authorities;
  std::vector<JwtAuthority> jwt_authorities;
  std::optional<std::uint64_t> sequence;             // spiffe_sequence
  std::optional<std::chrono::seconds> refresh_hint;  // spiffe_refresh_hint
};

class Bundle {
 public:
  static constexpr std::size_t kMaxJsonBytes = 8U << 20U;

  // Code::bundle_malformed also for an authority that the TLS library refuses.
  static Result<Bundle> make(TrustDomain domain, BundleContent content);
  // Concatenated DER, as the Workload API sends it; empty text = no authority.
  static Result<Bundle> parse_der(TrustDomain domain, std::string_view der);
  static Result<Bundle> parse_pem(TrustDomain domain, std::string_view pem);
  // SPIFFE JSON: a JWK set with `use` x509-svid (x5c) and jwt-svid (kid); keys of other uses and of
  // unknown types are skipped, as §4.2 says.
  static Result<Bundle> parse_json(TrustDomain domain, std::string_view json);

  [[nodiscard]] TrustDomain const& trust_domain() const;
  [[nodiscard]] std::vector<tls::Certificate> const& x509_authorities() const;
  [[nodiscard]] std::vector<JwtAuthority> const& jwt_authorities() const;
  [[nodiscard]] std::optional<std::uint64_t> sequence() const;
  [[nodiscard]] std::optional<std::chrono::seconds> refresh_hint() const;
  // Lives as long as any copy of the bundle.
  [[nodiscard]] tls::TrustStore const& store() const;

  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string der() const;  // concatenated
  [[nodiscard]] std::string json() const;
  // The JWK set of the JWT authorities alone: what the Workload API's JWT bundles carry.
  [[nodiscard]] std::string jwt_json() const;

  // The same authorities in the same order, sequence and hint.
  friend bool operator==(Bundle const& a, Bundle const& b);

 private:
  struct State;
  explicit Bundle(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace aw::identity
