// SPDX-License-Identifier: Apache-2.0
// The chain that makes the log tamper-evident: every record carries its number and its
// predecessor's hash.
//
// A line is `{"seq":N,"prev_hash":"H","…members…","hash":"H"}`. `hash` is the SHA-256 of the line's
// own bytes as written, without the `,"hash":"…"` part: no canonical form is needed, and
// `sha256sum` can check it. The first record of all has prev_hash = 64 zeros. Pure; a Chain belongs
// to whoever guards it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/tls/digest.h"

namespace aw::audit {

inline constexpr std::string_view kGenesis =
    "0000000000000000000000000000000000000000000000000000000000000000";
// One line, newline included. Longer events are refused before they enter the chain.
inline constexpr std::size_t kMaxRecordBytes = 64U << 10;

// Where a chain stands: what the next record must follow.
// Default: before the first record.
struct ChainHead {
  std::uint64_t seq = 0;  // of the last record; 0 = none yet
  std::string hash{kGenesis};
  friend bool operator==(ChainHead const&, ChainHead const&) = default;
};

// A record ready to be written. `line` ends with a newline.
// Views into the chain that sealed it.
struct Record {
  std::uint64_t seq = 0;
  std::string_view line;
  std::string_view hash;
};

// Not thread-safe: the audit log's lock is around it.
class Chain {
 public:
  explicit Chain(ChainHead head) : head_(std::move(head)) {}

  // Makes the next record of `members` (as append_members gives them). The chain does not move
  // until `commit`: a record that could not be stored was never made. The views last until the next
  // `seal`. Error: audit_unavailable when it would be too long.
  [[nodiscard]] Result<Record> seal(std::string_view members);
  // The last sealed record is in the log; the next one follows it.
  void commit();
  // Back to where it stood: what was committed since could not be stored.
  void rewind(ChainHead head) { head_ = std::move(head); }
  [[nodiscard]] ChainHead const& head() const { return head_; }

 private:
  ChainHead head_;
  tls::Sha256 hasher_;
  std::string line_;
  std::string hash_;
};

// What a line says about its place in the chain. The views point into the line.
struct Links {
  std::uint64_t seq = 0;
  std::string_view prev_hash;
  std::string_view hash;
};

// Takes the chain's members out of one line (without its newline). Error: audit_integrity when they
// are not where `seal` puts them.
[[nodiscard]] Result<Links> parse_links(std::string_view line);

// The hash that the line should carry.
// `line` without its newline; empty for a line that is too short to carry a hash. A hasher serves
// many lines.
[[nodiscard]] std::string expected_hash(tls::Sha256& hasher, std::string_view line);

}  // namespace aw::audit
