// SPDX-License-Identifier: Apache-2.0
// Sends spans to a collector in batches, from a thread of its own (OTLP over HTTP).
//
// A collector that is slow, dead or refuses costs the requests nothing: the queue is bounded, what
// does not fit or cannot be sent is thrown away and counted. Traces are for looking, not for
// proving; what must not be lost is in the audit log.
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
#include "core/io/poster.h"
#include "core/metrics/registry.h"
#include "core/trace/config.h"
#include "core/trace/otlp.h"
#include "core/trace/span.h"

namespace aw::trace {

// What became of the spans: each that was offered is counted once, in one of these. References
// into the registry, which outlives them.
struct Meters {
  explicit Meters(metrics::Registry& registry);
  metrics::Counter& exported;
  metrics::Counter& queue_full;
  metrics::Counter& refused;  // the collector said no, or threw some away
  metrics::Counter& unsent;   // it could not be reached, or not in time
};

// 429, 502, 503, 504 and a collector that cannot be reached are tried again, four times in all,
// with a pause that doubles (or Retry-After, ten seconds at the most); then the batch is lost.
// The log says once that spans are lost, and once that they are not any more.
class Exporter {
 public:
  // `config` is active() and was checked; everything given outlives it.
  Exporter(Config config, Resource const& resource, Meters& meters, log::Log& log);
  // Sends what is queued, for two seconds at the most.
  ~Exporter();
  Exporter(Exporter const&) = delete;
  Exporter& operator=(Exporter const&) = delete;

  // Any thread. Written down under a lock that nobody holds for longer than that or a swap takes;
  // only for requests that are kept.
  void offer(Span const& span);

 private:
  void work();
  // Waits for a batch or for its time; empty = none came in that time, or it is to end.
  [[nodiscard]] Written next_batch();
  // On the exporter's thread; blocks for the tries and the pauses between them.
  void deliver(io::Poster& line, Written& batch);
  // false = it is to end.
  [[nodiscard]] bool pause(std::chrono::milliseconds duration);

  Config const config_;
  Envelope const envelope_;
  Meters& meters_;
  log::Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Written> queue_;             // guarded by mutex_; all but the last are full
  std::size_t queued_ = 0;                // guarded by mutex_; spans in all of them
  std::string spare_;                     // guarded by mutex_; memory of a batch that has left
  bool ending_ = false;                   // guarded by mutex_
  std::atomic<std::int64_t> give_up_at_;  // steady nanoseconds; a transfer beyond it is cut off
  bool failing_ = false;                  // the thread's own: says so once, not at each batch
  std::thread thread_;
};

// "http://collector:4318" -> "http://collector:4318/v1/traces"; a traces_endpoint as it is.
// Nothing is checked here; the configuration's rules did that.
[[nodiscard]] std::string target_of(Config const& config);

}  // namespace aw::trace
