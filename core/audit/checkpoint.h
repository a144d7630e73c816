// SPDX-License-Identifier: Apache-2.0
// A checkpoint: a record of the chain that says, signed with the SVID's key, how far the chain had
// come and what its head was.
//
//   {"seq":…,"prev_hash":"…","event_type":"CHECKPOINT","timestamp":"…","agent_name":"…",
//    "audit_id":"…","signature":"BASE64URL","checkpoint":{…},"hash":"…"}
//
// Signed is kSignedPrefix followed by the bytes of the `checkpoint` object as they stand in the
// line, so that any JWS-capable tool can check one. The statement is made beside the request path:
// records may come between the one it covers and its own place in the chain, at most kMaxLag. The
// signer's certificates are in the first checkpoint of each signer, and again in the first of each
// file. Pure; a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/chain.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/svid.h"
#include "core/tls/certificate.h"
#include "core/tls/public_key.h"

namespace aw::audit {

inline constexpr std::string_view kSignedPrefix = "agentweave-audit-checkpoint-v1\n";
inline constexpr std::uint64_t kMaxLag = 1U << 15U;

// Why one was made. `shutdown` says that no record of this run follows.
// start: a run begins; periodic: enough records or time; identity: the SVID changed; file: a new
// file was begun.
enum class SealReason { start, periodic, identity, file, shutdown };

// What is signed.
// Who signs it is in it: `key` names the certificate whose key the signature must verify with.
struct Statement {
  std::string log;  // which log: 128 random bits, made when its chain began
  SealReason why = SealReason::periodic;
  std::uint64_t records = 0;  // covered: the number of the last of them
  std::string head;           // its hash
  std::uint64_t first = 1;    // oldest record that is still kept: earlier files were retired by us
  WallTime time;
  std::chrono::seconds every{0};  // the next one follows within this time, while the agent runs
  std::string signer;             // SPIFFE ID
  std::string key;                // SHA-256 of the leaf certificate
  tls::SignatureAlgorithm algorithm = tls::SignatureAlgorithm::es256;
  std::vector<std::string> chain;  // DER, leaf first; empty when an earlier checkpoint had it
};

// Foreign until seals.h has checked it.
struct Checkpoint {
  Statement statement;
  std::string signed_bytes;
  std::string signature;
};

// The members of the checkpoint's record, for Chain::seal. `signer`, `key` and `algorithm` of the
// statement are filled from the SVID, `chain` when `with_chain`. Error: key_malformed.
enum class Chained { without, with_chain };
[[nodiscard]] Result<std::string> checkpoint_members(Statement statement,
                                                     identity::Svid const& svid, Chained chained,
                                                     std::string_view agent_name);

// By its place in the line, which no other value can take.
[[nodiscard]] bool is_checkpoint(std::string_view line);
// Takes a checkpoint's line apart; nothing is believed yet. Error: audit_integrity.
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::string_view line);

[[nodiscard]] std::string_view seal_reason_name(SealReason why);

}  // namespace aw::audit
