// SPDX-License-Identifier: Apache-2.0
// A statement signed with an SVID's key, which proves as much after the SVID ran out: its chain is
// judged at the time of signing.
//
// Used by the audit log's checkpoints and by `doctor --prove`. Pure; blocks as long as one
// signature takes; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/identity/svid.h"
#include "core/tls/public_key.h"

namespace aw::identity {

// Who signed, as the statement itself says it: nothing of it is believed before `check_signed`.
struct SignedBy {
  std::string signer;  // SPIFFE ID
  tls::SignatureAlgorithm algorithm = tls::SignatureAlgorithm::es256;
  std::span<const tls::Certificate> chain;  // leaf first; must outlive the check
  WallTime time;                            // when
};

// The algorithm that this SVID's key signs with. Error: key_malformed.
[[nodiscard]] Result<tls::SignatureAlgorithm> signing_algorithm(Svid const& svid);

// The signature is the leaf's, the leaf is `signer`'s, and its chain was good at `time`. Error:
// audit_integrity, with what is wrong.
[[nodiscard]] Result<void> check_signed(SignedBy const& by, std::string_view message,
                                        std::string_view signature, Bundles const& bundles);

// DER texts, as a statement carries its signer's chain. Error: svid_malformed.
[[nodiscard]] Result<std::vector<tls::Certificate>> parse_certificates(
    std::span<const std::string> ders);

}  // namespace aw::identity
