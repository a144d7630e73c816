// SPDX-License-Identifier: Apache-2.0
// What this workload proves who it is with: an X.509-SVID and its key.
//
// A value, cheap to copy (certificates and key are shared and immutable); any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/spiffe_id.h"
#include "core/tls/certificate.h"
#include "core/tls/private_key.h"

namespace aw::identity {

struct Svid {
  SpiffeId id;
  std::vector<tls::Certificate> chain;  // leaf first, at least one
  tls::PrivateKey key;
  std::string hint;  // Workload API: tells SVIDs of one workload apart; often empty

  [[nodiscard]] tls::Certificate const& leaf() const { return chain.front(); }
  [[nodiscard]] WallTime not_before() const;  // the latest of the chain's
  [[nodiscard]] WallTime not_after() const;   // the earliest of the chain's
};

// X.509-SVID §2 and §4 for a leaf: exactly one URI SAN, a SPIFFE ID with a path, not a CA, keyUsage
// there with digitalSignature and without keyCertSign and cRLSign, both authentication purposes if
// extended key usage is there at all. Returns its ID. Signature and time are not looked at. Errors:
// Code::svid_malformed, Code::spiffe_id_malformed.
[[nodiscard]] Result<SpiffeId> check_leaf(tls::Certificate const& leaf);

// X.509-SVID §4 for a signer: a CA with keyCertSign; if it has a SPIFFE ID, one without a path.
// Error: Code::svid_malformed.
[[nodiscard]] Result<void> check_signer(tls::Certificate const& signer);

// `check_leaf`, and the key is the leaf's (Code::key_malformed otherwise).
[[nodiscard]] Result<Svid> make_svid(std::vector<tls::Certificate> chain, tls::PrivateKey key,
                                     std::string hint = {});
// As the Workload API sends it: concatenated DER, PKCS#8.
[[nodiscard]] Result<Svid> parse_svid(std::string_view chain_der, std::string_view key_pkcs8,
                                      std::string hint = {});

}  // namespace aw::identity
