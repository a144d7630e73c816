// SPDX-License-Identifier: Apache-2.0
// A network destination that loses nothing: records go to files below the state directory first,
// and a thread of its own delivers them in order, again and again until the other side takes them.
//
// `append` fails when `max_bytes` wait undelivered. At-least-once: after a crash some records come
// twice (their `seq` tells). One file is FileSink's; delivered ones are deleted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/audit/file_sink.h"
#include "core/audit/sink.h"
#include "core/audit/transport.h"
#include "core/io/backoff.h"

namespace aw::audit {

// Bytes wait in files of segment_bytes; retries back off from retry_base to retry_most.
struct SpoolOptions {
  std::filesystem::path directory;  // this destination's own
  std::string name;
  std::uint64_t max_bytes = 256U << 20;
  std::uint64_t segment_bytes = 8U << 20;
  std::chrono::nanoseconds retry_base = std::chrono::milliseconds(500);
  std::chrono::nanoseconds retry_most = std::chrono::seconds(30);
};

// Files that have arrived whole are deleted, but for the one the cursor is in: it holds the
// chain's end.
class SpoolSink final : public AuditSink {
 public:
  // Called on the sender's thread when delivery fails and when it works again (empty).
  using Report = std::function<void(std::string const& error)>;

  // `clock` and `calls` outlive the sink.
  SpoolSink(SpoolOptions options, std::unique_ptr<Transport> transport, Clock const& clock,
            FileCalls& calls, Report report);
  ~SpoolSink() override;
  SpoolSink(SpoolSink const&) = delete;
  SpoolSink& operator=(SpoolSink const&) = delete;

  // Starts the thread.
  [[nodiscard]] Result<Resumed> resume() override;
  [[nodiscard]] Result<void> append(Record const& record) override;
  [[nodiscard]] std::string name() const override { return options_.name; }
  [[nodiscard]] Keeps keeps() const override { return Keeps::records; }
  void flush(std::chrono::nanoseconds deadline) override;

  [[nodiscard]] std::uint64_t waiting_bytes() const override { return waiting_.load(); }

 private:
  // Where delivery stands: everything before `offset` of the file with this inode has arrived.
  struct Cursor {
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
  };
  // Whole lines, and where the cursor stands once they have arrived.
  struct Batch {
    std::vector<std::string> lines;
    std::uint64_t bytes = 0;
    Cursor after;
  };

  [[nodiscard]] std::vector<std::filesystem::path> segments() const;
  [[nodiscard]] Cursor load_cursor() const;
  [[nodiscard]] Result<void> save_cursor(Cursor cursor) const;
  // As the files say; used once, at start.
  [[nodiscard]] std::uint64_t undelivered() const;
  [[nodiscard]] Batch next_batch();
  void deliver_all(std::stop_token const& stop);
  // One batch of at most 500 lines. False: try again after the backoff.
  [[nodiscard]] bool deliver_one();

  SpoolOptions const options_;
  std::unique_ptr<Transport> const transport_;
  Report const report_;
  FileSink file_;
  std::atomic<std::uint64_t> waiting_{0};
  Cursor cursor_;  // the sender's own
  io::Backoff backoff_;
  bool failing_ = false;  // the sender's own
  std::mutex mutex_;
  std::condition_variable_any wake_;     // the sender's: there is something to do
  std::condition_variable_any drained_;  // flush's: nothing waits
  std::jthread sender_;                  // last: joined before the rest goes
};

}  // namespace aw::audit
