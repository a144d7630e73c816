// SPDX-License-Identifier: Apache-2.0
// What the checkpoints of a log prove: that the records they cover are those that were there when
// they were signed, by whom, and whether anything is missing before or after.
//
// Fed by the Verifier with every record in the chain's order. Memory is bounded by kMaxLag hashes
// and the signers' certificates. One owner.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/audit/checkpoint.h"
#include "core/base/clock.h"
#include "core/identity/snapshot.h"

namespace aw::audit {

// Whom to believe. Without bundles signatures are not looked at, and nothing is proven by them.
// Bundles verify signers as of the time of signing: one that ran out since proves as much as
// ever.
struct SealTrust {
  identity::Bundles bundles;
  std::string signer;  // the only SPIFFE ID taken; empty: one and the same for the whole log
  std::string log;     // the log that it must be; empty: any one
  [[nodiscard]] bool given() const { return !bundles.empty(); }
};

// What is known at the end.
struct SealReport {
  bool checked = false;  // there was a bundle to check signatures with
  std::uint64_t checkpoints = 0;
  std::uint64_t certificates = 0;  // different SVIDs that signed
  std::string signer;
  std::string log;
  std::uint64_t covered = 0;  // the number of the last record that is signed for
  std::string sealed_at;      // time of the last checkpoint
  std::uint64_t first = 1;    // the oldest record the log itself says it still keeps
  bool closed = false;        // the last record is a shutdown checkpoint over all before it
  std::chrono::seconds every{0};
};

class Seals {
 public:
  explicit Seals(SealTrust trust) : trust_(std::move(trust)) { report_.checked = trust_.given(); }

  // The hash that the chain had before the first record seen.
  void begin(std::uint64_t first_seq, std::string_view prev_hash);
  // The next record of the chain. Returns what is wrong; empty = nothing.
  [[nodiscard]] std::string next(std::uint64_t seq, std::string_view hash, std::string_view line);
  [[nodiscard]] SealReport const& report() const { return report_; }

 private:
  [[nodiscard]] std::string check(std::uint64_t seq, Checkpoint const& checkpoint);
  // Of this log, over records before it, no more than kMaxLag back, and over the hash that stood
  // there.
  [[nodiscard]] std::string check_place(std::uint64_t seq, Statement const& statement) const;
  // Remembers the certificates that come with a checkpoint.
  [[nodiscard]] std::string learn(Statement const& statement);
  [[nodiscard]] std::string check_signature(Checkpoint const& checkpoint) const;
  void remember(std::uint64_t seq, std::string_view hash);
  [[nodiscard]] std::string const* hash_of(std::uint64_t seq) const;

  SealTrust const trust_;
  SealReport report_;
  std::uint64_t begins_ = 0;
  std::vector<std::string> hashes_;  // of the last kMaxLag records, at seq % kMaxLag
  std::uint64_t last_ = 0;
  // Leaf fingerprint -> the chain that was sent with it.
  std::map<std::string, std::vector<tls::Certificate>> signers_;
};

}  // namespace aw::audit
