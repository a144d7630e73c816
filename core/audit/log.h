// SPDX-License-Identifier: Apache-2.0
// The audit log: every decision is in it before anything happens because of it.
//
// `record` returns only when the primary destination holds the record (file: the bytes are with the
// kernel, so `kill -9` loses nothing). When it returns an error the caller must deny. Any thread;
// the critical section is one hash and one write. Blocks as long as the primary's write does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/audit/config.h"
#include "core/audit/event.h"
#include "core/audit/sealer.h"
#include "core/audit/sink.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/io/task.h"
#include "core/metrics/registry.h"

namespace aw::audit {

// A moment's copy.
struct LogStatus {
  std::uint64_t records = 0;                         // since this process started
  std::uint64_t seq = 0;                             // of the last record
  std::string hash;                                  // of the last record
  std::string log_id;                                // which log: checkpoints carry it
  std::string last_error;                            // empty while healthy
  std::vector<std::string> destinations;             // the primary first
  std::map<std::string, std::uint64_t> undelivered;  // destination -> bytes that wait
};

// One for the process. Destructor: close without waiting.
class AuditLog {
 public:
  // References outlive the log.
  struct Needs {
    Clock const& clock;
    log::Log& log;
    metrics::Registry& metrics;
    std::string agent_name;
    std::string state_directory;  // spools of network destinations live below it
  };

  // Opens every destination and resumes the chain. Errors: audit_unavailable (cannot be opened or
  // is locked by another process), audit_integrity (the existing file's end does not verify).
  // A disabled log has no destination: it numbers and drops records (development only).
  static Result<std::unique_ptr<AuditLog>> open(Config const& config, Needs needs);
  // The same over sinks of the caller's: custom destinations, and tests. The primary is the first
  // one that keeps records, or the first.
  static Result<std::unique_ptr<AuditLog>> open(std::vector<std::unique_ptr<AuditSink>> sinks,
                                                Needs needs);
  ~AuditLog();
  AuditLog(AuditLog const&) = delete;
  AuditLog& operator=(AuditLog const&) = delete;

  // Error: audit_unavailable. Fills `audit_id` and `time` where the event has none.
  [[nodiscard]] Result<void> record(Event const& event);
  // The same for requests: all that a loop records in one turn is written at the turn's end in one
  // go, and then all of them go on. Nothing blocks but that write. Off a loop: `record`.
  // `event` is read before the first wait. Not cancellable: the turn's end resumes it.
  // `unless_failed`: something that is due before this in the turn's record stage. When it failed,
  // nothing is written, and its error is the outcome.
  [[nodiscard]] io::Task<Result<void>> recorded(Event const& event,
                                                Result<void> const* unless_failed = nullptr);

  // The same for what nobody waits for: an answer that does not depend on its record. On a loop
  // with the turn's other records, off a loop at once; what cannot be written is said in the log.
  void record_soon(Event const& event);

  // Signed checkpoints from now on, by the SVID that `signer` gives (any thread); the first one is
  // made before this returns. Once, before traffic. An error leaves the log unsigned for now: it is
  // tried again all the time.
  void sign_with(CheckpointConfig const& config, SignerSource signer);
  // The SVID changed, or something else happened that should be vouched for soon.
  // Does not block; nothing where the log is not signed.
  void seal_soon(SealReason why);
  // Now. Blocks for a signature and a record. Errors: no_svid, key_malformed, audit_unavailable.
  [[nodiscard]] Result<void> seal(SealReason why);

  [[nodiscard]] LogStatus status() const;
  // Seals the end with a shutdown checkpoint, flushes what network destinations have spooled, for
  // at most `deadline`; then closes. Twice is fine; records after it are errors.
  void close(std::chrono::nanoseconds deadline);

 private:
  struct Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::audit
