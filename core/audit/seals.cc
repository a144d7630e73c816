// SPDX-License-Identifier: Apache-2.0
#include "core/audit/seals.h"

#include <utility>

#include "core/identity/signed.h"

namespace aw::audit {
namespace {

constexpr std::size_t kMostSigners = 100'000;

}  // namespace

void Seals::begin(std::uint64_t first_seq, std::string_view prev_hash) {
  begins_ = first_seq;
  hashes_.assign(kMaxLag + 1, {});
  remember(first_seq - 1, prev_hash);
}

void Seals::remember(std::uint64_t seq, std::string_view hash) {
  hashes_[seq % hashes_.size()] = hash;
  last_ = seq;
}

std::string const* Seals::hash_of(std::uint64_t seq) const {
  if (seq > last_ || seq + 1 < begins_ || last_ - seq >= hashes_.size()) return nullptr;
  return &hashes_[seq % hashes_.size()];
}

std::string Seals::next(std::uint64_t seq, std::string_view hash, std::string_view line) {
  report_.closed = false;
  if (is_checkpoint(line)) {
    auto const checkpoint = parse_checkpoint(line);
    if (!checkpoint.ok()) return checkpoint.error().message;
    if (auto why = check(seq, *checkpoint); !why.empty()) return why;
  }
  remember(seq, hash);
  return {};
}

std::string Seals::check(std::uint64_t seq, Checkpoint const& checkpoint) {
  auto const& statement = checkpoint.statement;
  if (auto why = check_place(seq, statement); !why.empty()) return why;
  if (trust_.given()) {
    if (auto why = learn(statement); !why.empty()) return why;
    // Made just when a new file was begun, and the older file is gone: it proves nothing by itself,
    // and the next one that does prove something covers it.
    if (!signers_.contains(statement.key)) return {};
    if (auto why = check_signature(checkpoint); !why.empty()) return why;
  }
  if (report_.checkpoints > 0 && report_.signer != statement.signer) {
    return "checkpoint is signed by " + statement.signer + ", those before it by " + report_.signer;
  }
  ++report_.checkpoints;
  report_.signer = statement.signer;
  report_.log = statement.log;
  report_.covered = statement.records;
  report_.sealed_at = format_rfc3339(statement.time);
  report_.first = std::max(report_.first, statement.first);
  report_.every = statement.every;
  report_.closed = statement.why == SealReason::shutdown && statement.records + 1 == seq;
  return {};
}

std::string Seals::check_place(std::uint64_t seq, Statement const& statement) const {
  if (!trust_.log.empty() && statement.log != trust_.log) {
    return "checkpoint is of another log: " + statement.log;
  }
  if (statement.records >= seq) return "checkpoint covers records that come after it";
  if (statement.records < report_.covered) return "checkpoint covers less than the one before it";
  if (seq - statement.records > kMaxLag) return "checkpoint covers a record too far back";
  // A copy that begins in the middle may begin between a checkpoint and what it covers.
  if (statement.records + 1 < begins_) return {};
  auto const* const hash = hash_of(statement.records);
  if (hash == nullptr || *hash != statement.head) {
    return "checkpoint was made over other records: record " + std::to_string(statement.records) +
           " had another hash when it was signed";
  }
  return {};
}

std::string Seals::learn(Statement const& statement) {
  if (statement.chain.empty() || signers_.contains(statement.key)) return {};
  auto certificates = identity::parse_certificates(statement.chain);
  if (!certificates.ok()) return "checkpoint's certificates: " + certificates.error().message;
  if (certificates->front().fingerprint_sha256() != statement.key) {
    return "checkpoint's certificate is not the one it names";
  }
  if (signers_.size() >= kMostSigners) return "more signers than any log has";
  signers_.emplace(statement.key, std::move(*certificates));
  ++report_.certificates;
  return {};
}

std::string Seals::check_signature(Checkpoint const& checkpoint) const {
  auto const& statement = checkpoint.statement;
  if (!trust_.signer.empty() && statement.signer != trust_.signer) {
    return "checkpoint is signed by " + statement.signer;
  }
  // At the time of signing: a certificate that ran out since then proves as much as ever.
  auto const good =
      identity::check_signed({.signer = statement.signer,
                              .algorithm = statement.algorithm,
                              .chain = signers_.find(statement.key)->second,
                              .time = statement.time},
                             checkpoint.signed_bytes, checkpoint.signature, trust_.bundles);
  return good.ok() ? std::string() : "checkpoint's " + good.error().message;
}

}  // namespace aw::audit
