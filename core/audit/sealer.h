// SPDX-License-Identifier: Apache-2.0
// Makes checkpoints while the log runs: after so many records or so long, when the SVID changes and
// when a new file was begun. On a thread of its own: no request waits for a signature.
//
// `seal` may be called from any thread; it blocks as long as one signature and one record take.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/audit/checkpoint.h"
#include "core/audit/config.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/metrics/registry.h"

namespace aw::audit {

// The SVID to sign with now; nullopt while there is none.
using SignerSource = std::function<std::optional<identity::Svid>()>;

// Where the log stands.
struct Standing {
  ChainHead head;
  std::uint64_t first = 1;    // oldest record kept
  std::uint64_t segment = 1;  // first record of the file that is written now
};

class Sealer {
 public:
  // References and what the functions use outlive the sealer; `standing` and `append` take the
  // log's lock.
  struct Needs {
    Clock const& clock;
    log::Log& log;
    metrics::Registry& metrics;
    std::string agent_name;
    std::string log_id;
    CheckpointConfig config;
    SignerSource signer;
    std::function<Standing()> standing;
    // Appends a record unless more than kMaxLag came since record `covers`; the number it got.
    std::function<Result<std::uint64_t>(std::string const& members, std::uint64_t covers)> append;
  };
  explicit Sealer(Needs needs);
  ~Sealer();
  Sealer(Sealer const&) = delete;
  Sealer& operator=(Sealer const&) = delete;

  // Makes one now, unless nothing was recorded since the last. Errors: no_svid, key_malformed,
  // audit_unavailable.
  [[nodiscard]] Result<void> seal(SealReason why);
  // Soon, from the sealer's thread: where nobody may wait.
  void seal_soon(SealReason why);
  // For who signs the end itself: while it is held nobody else seals. Taken before the log's own
  // lock, as `seal` does.
  [[nodiscard]] std::unique_lock<std::mutex> hold() { return std::unique_lock(sealing_); }
  // The members of a checkpoint over `standing`, for who appends it under the log's own lock. With
  // `hold`: it changes who is told next.
  [[nodiscard]] Result<std::string> sign(Standing const& standing, SealReason why);
  // It is in the chain, as this record. With `hold`.
  void sealed(std::uint64_t seq);
  // Ends the thread. Twice is fine.
  void stop();

 private:
  void keep_sealing(std::stop_token const& stop);
  // The reason to make one now, looked for ten times a second.
  [[nodiscard]] std::optional<SealReason> due(Standing const& standing);
  void report(Result<void> const& result);

  Needs const needs_;
  metrics::Counter& made_;
  metrics::Counter& errors_;
  metrics::Gauge& last_;
  std::mutex sealing_;      // one at a time; guards the four below
  std::string key_;         // of the last signer
  std::uint64_t told_ = 0;  // the last checkpoint that carried its certificates
  std::uint64_t seq_ = 0;   // of the last checkpoint
  SteadyTime at_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<SealReason> wanted_;  // guarded by mutex_
  bool failing_ = false;              // only the thread's
  std::jthread thread_;               // last: joined first
};

}  // namespace aw::audit
