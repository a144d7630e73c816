// SPDX-License-Identifier: Apache-2.0
// Pushes decisions to a service in the format of OPA's decision log: POST {url}{resource}, gzip of
// a JSON array of events, from a thread of its own.
//
// Nothing here holds a request up: what waits is bounded, and when it is full the oldest go. What
// reached no service is in one counter, by why. The audit log proves and the store explains; this
// is a copy for whoever collects decisions, and its loss denies nobody. A batch that is not taken
// is tried again, ever more slowly, until it is: it may arrive twice (decision ids tell).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/base/result.h"
#include "core/decisions/batches.h"
#include "core/decisions/config.h"
#include "core/decisions/entry.h"
#include "core/decisions/masks.h"
#include "core/io/poster.h"
#include "core/metrics/registry.h"

namespace aw::decisions {

// Handles into the registry, which outlives them.
struct UploadMeters {
  explicit UploadMeters(metrics::Registry& registry);
  metrics::Counter& uploaded;
  metrics::Counter& errors;     // uploads that were not taken, and tried again
  metrics::Counter& overflow;   // the oldest of a full buffer
  metrics::Counter& too_large;  // larger than a body may be
  metrics::Counter& shutdown;   // still there at the end
  metrics::Gauge& waiting;      // bytes in the buffer
};

// Owned by the runtime; what `Needs` refers to outlives it.
class Uploader {
 public:
  struct Needs {
    log::Log& log;
    metrics::Registry& metrics;
    InputOf input_of;
    std::string agent_name;
  };

  // `config` is active(). Error: config_out_of_range (a mask that is none).
  static Result<std::unique_ptr<Uploader>> start(UploadConfig config, Config const& decisions,
                                                 Needs needs);
  // Uploads what waits, for two seconds at the most.
  ~Uploader();
  Uploader(Uploader const&) = delete;
  Uploader& operator=(Uploader const&) = delete;

  // Any thread; a copy under a lock that nobody holds for longer.
  void offer(Fields const& fields);
  // The same, framed and masked by a Store of the same configuration.
  void offer_frame(std::string frame);

 private:
  Uploader(UploadConfig config, Masks masks, Needs needs);
  void work();
  // Waits for the pause's end or for a full batch; empty = it is to end.
  [[nodiscard]] std::vector<std::string> next_frames();
  void deliver(io::Poster& poster, std::vector<std::string> const& frames);
  // False = it is to end, and what is left is lost.
  [[nodiscard]] bool upload(io::Poster& poster, Batch const& batch);
  [[nodiscard]] bool pause(std::chrono::nanoseconds duration);
  void report(io::Poster::Answer const& answer);

  UploadConfig const config_;
  Masks const masks_;
  Needs const needs_;
  UploadMeters meters_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;         // frames, one a decision; guarded by mutex_
  std::size_t queued_bytes_ = 0;          // guarded by mutex_
  bool ending_ = false;                   // guarded by mutex_
  std::atomic<std::int64_t> give_up_at_;  // steady nanoseconds; a transfer beyond it is cut off
  bool failing_ = false;                  // the thread's own: says so once, not at each try
  std::thread thread_;                    // last: it uses all above
};

// {url}{resource}, with one slash between.
[[nodiscard]] std::string upload_target(UploadConfig const& config);

}  // namespace aw::decisions
