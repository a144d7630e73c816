// SPDX-License-Identifier: Apache-2.0
// Is the audit log whole? Follows the chain through any number of files, checks the checkpoints
// against a trust bundle, and names the first record that breaks it; offline. Reads; blocks; memory
// is bounded whatever the files hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <optional>
#include <span>
#include <string>

#include "core/audit/chain.h"
#include "core/audit/seals.h"
#include "core/base/result.h"

namespace aw::audit {

// A stream destination begins a new chain at each start of the agent: allowed for captured output,
// a break anywhere else.
enum class Restarts { refused, accepted };

// Is the log still being written (its end then is not sealed, but its last checkpoint is young), or
// was it ended?
enum class Tail { sealed, open };

// Default: the strictest without a bundle.
struct VerifyOptions {
  Restarts restarts = Restarts::refused;
  SealTrust trust;
  Tail tail = Tail::sealed;
  // The number of the first record, when it is known that the ones before it are elsewhere.
  std::uint64_t from = 1;
  // A record known from somewhere else (a copy, an earlier verification): it must be there.
  std::optional<ChainHead> known;
  WallTime now{};  // with Tail::open
};

// The first thing that is wrong; what stands behind it was not looked at.
struct Break {
  std::string file;
  std::uint64_t line = 0;  // in the file, from 1
  std::uint64_t seq = 0;   // as the record says, or the expected one when it says nothing
  std::string time;        // the record's timestamp, when it has one
  std::string reason;      // "hash differs", "records 4 to 6 are missing", …
};

// Over all files that were read, up to the break.
struct VerifyReport {
  std::uint64_t records = 0;  // good ones, before the break if there is one
  std::uint64_t files = 0;
  std::uint64_t chains = 0;  // more than one only with Restarts::accepted
  std::uint64_t first_seq = 0;
  std::string last_time;
  ChainHead head;  // of the last good record
  SealReport seals;
  std::optional<Break> broken;

  [[nodiscard]] bool whole() const { return !broken.has_value(); }
  [[nodiscard]] bool from_the_start() const { return first_seq == 1; }
};

// Files in the chain's order, then `finish`, then `report`. One owner.
class Verifier {
 public:
  explicit Verifier(Restarts restarts) : Verifier(VerifyOptions{.restarts = restarts}) {}
  explicit Verifier(VerifyOptions options) : options_(std::move(options)), seals_(options_.trust) {}
  // The next file of the log. Stops at the first break.
  void read(std::istream& in, std::string const& name);
  // After the last file: is something missing before the first record or behind the last?
  void finish();
  [[nodiscard]] VerifyReport const& report() const { return report_; }

 private:
  void check(std::string_view line, bool ended);
  [[nodiscard]] std::string problem(std::string_view line, Links const& links);
  void fail(std::uint64_t seq, std::string_view line, std::string reason);
  [[nodiscard]] std::string missing_begin() const;
  [[nodiscard]] std::string missing_end() const;

  VerifyOptions const options_;
  Seals seals_;
  bool known_seen_ = false;
  tls::Sha256 hasher_;
  VerifyReport report_;
  std::string file_;
  std::uint64_t line_ = 0;
};

// Puts the files into the chain's order by their first records. Errors: audit_unreadable, also of a
// pipe that is not alone. A break is no error: it stands in the report.
[[nodiscard]] Result<VerifyReport> verify_files(std::span<const std::filesystem::path> files,
                                                VerifyOptions options);

// The same of one stream to its end; `name` is what a break calls it.
[[nodiscard]] VerifyReport verify_stream(std::istream& in, std::string const& name,
                                         VerifyOptions options);

// The chain's report as lines for people (compare story S10), without a last newline.
[[nodiscard]] std::string verify_text(VerifyReport const& report);

}  // namespace aw::audit
