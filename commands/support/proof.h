// SPDX-License-Identifier: Apache-2.0
// What `doctor --prove` saw, as a statement signed with the SVID's key, in the form of the audit
// log's checkpoints:
//
//   {"event_type":"PROOF","timestamp":"…","agent_name":"…","signature":"BASE64URL","proof":{…}}
//
// Signed is kProofPrefix followed by the bytes of the `proof` object as they stand. The signer's
// certificates are in it, and judged at the time of signing. Pure but for the signature; values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/support/attack.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/signed.h"

namespace aw::commands {

inline constexpr std::string_view kProofPrefix = "agentweave-proof-v1\n";
inline constexpr std::size_t kMaxProofBytes = 4U << 20;

struct Proof {
  Control control;
  std::string listener;  // SPIFFE ID that it proved
  WallTime time;
  Attacks attacks;

  [[nodiscard]] std::size_t count(Verdict verdict) const;
  // Nothing was accepted, nothing was unclear, and something was tried.
  [[nodiscard]] bool stands() const;
};

[[nodiscard]] json::Json attacks_json(Attacks const& attacks);

// The report's one line. Error: key_malformed.
[[nodiscard]] Result<std::string> signed_proof(Proof const& proof, identity::Svid const& svid,
                                               std::string_view agent_name);

// A report whose signature held, and the SPIFFE ID that signed it.
struct CheckedProof {
  Proof proof;
  std::string signer;
};
// Takes a report apart and believes it only if its signature leads to `bundles`. Error:
// audit_integrity.
[[nodiscard]] Result<CheckedProof> check_proof(std::string_view line,
                                               identity::Bundles const& bundles);

}  // namespace aw::commands
