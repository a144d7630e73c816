// SPDX-License-Identifier: Apache-2.0
// What was decided, kept: every decision of this agent with its input, and the policies of their
// time.
//
// A request's decision is with the kernel before its answer leaves: what a loop decides in one turn
// is appended to a journal segment with one write. A thread tells the database of full segments,
// which then stay as they are, brings less full ones over every few seconds, and retires what is
// too old or too much. When it cannot keep up, `keep` fails and the request is denied; nothing is
// dropped. After a kill the next start brings over what the journal still holds.
//
// Any thread. The directory belongs to one process (locked).
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/decisions/config.h"
#include "core/decisions/database.h"
#include "core/decisions/entry.h"
#include "core/decisions/masks.h"
#include "core/io/task.h"
#include "core/metrics/registry.h"

namespace aw::io {
class Turn;
}

namespace aw::decisions {

// Of one `keep`: `outcome` stands when the record stage of this turn ran. Lives until then.
// On the requester's frame: the store points to it until `written`.
struct Ticket {
  bool written = false;
  Result<void> outcome;
};

class Store {
 public:
  // All of it outlives the store; `input_of` is called on loops (with masks) and on the reading
  // thread.
  struct Needs {
    Clock const& clock;
    log::Log& log;
    metrics::Registry& metrics;
    InputOf input_of;
  };
  // After which a journal segment is closed. The journal is written, not synced: it survives a
  // kill of the process, not the machine's.
  static constexpr std::size_t kSegmentBytes = 4U << 20;
  static constexpr std::size_t kMostSegments = 16;  // waiting for the database; more = deny
  // A segment from this size on keeps its decisions: in the database they would be written twice
  // more. Smaller ones would become too many files.
  static constexpr std::size_t kFullSegment = 1U << 20;

  // Brings over what an earlier process left. Errors: state_unusable (locked, no database, …).
  static Result<std::unique_ptr<Store>> open(std::filesystem::path directory, Config const& config,
                                             Needs needs);
  ~Store();
  Store(Store const&) = delete;
  Store& operator=(Store const&) = delete;

  // On a loop: written at the end of this turn, before the audit records of it if those are
  // recorded after this. Off a loop: at once.
  // `copy`: what was written, masked, for who wants it too.
  void keep(Fields const& fields, Ticket& ticket, std::string* copy = nullptr);
  // The same without a ticket, for a decision whose answer does not depend on it: what cannot be
  // written is counted.
  void keep_soon(Fields const& fields, std::string* copy = nullptr);
  // At once, wherever it is called.
  // Blocks for one write.
  void keep_now(Fields const& fields, Ticket& ticket, std::string* copy = nullptr);
  // Waits until the ticket's outcome stands. On the loop that `keep` was called on.
  [[nodiscard]] io::Task<Result<void>> settled(Ticket& ticket);
  // A policy that decides from now on. Blocks.
  [[nodiscard]] Result<void> keep_policy(KeptPolicy const& policy);

  // Everything up to now is in the database. Blocks.
  [[nodiscard]] Result<void> flush();
  // {"result":[newest, …]}: the last `most` events. Blocks.
  [[nodiscard]] std::string document(std::size_t most, std::string_view agent_name);
  // Ends the thread, brings over the rest. Twice is fine.
  void stop();

 private:
  struct Segment {
    std::uint64_t number = 0;
    Fd fd;
    Extent extent;
  };
  struct Waiting {
    std::uint64_t number = 0;
    Extent extent;
  };
  struct Pending;
  struct Meters {
    metrics::Counter& kept;
    metrics::Counter& refused;
    metrics::Counter& retired;
  };

  Store(std::filesystem::path directory, Config config, Needs needs, Database database,
        Masks masks);
  Result<void> lock();
  Result<void> bring_over_rest();
  // `number` has not been used: a file of that name is cut to nothing.
  Result<void> begin_segment(std::uint64_t number);
  Result<void> append(std::string_view frames, Extent const& extent);
  // This turn's decisions, written at its end.
  [[nodiscard]] Pending& pending_of(io::Turn& turn);
  // Adds one to `out` and to what `extent` says of it.
  void frame(std::string& out, Fields const& fields, Extent& extent) const;
  // Begins the next segment; the one before it waits for the database. With writing_ held.
  [[nodiscard]] Result<void> turn_over();
  Result<void> import_waiting();
  Result<void> import_left(std::uint64_t number);
  // What is not worth a file of its own.
  Result<void> import_frames(std::uint64_t number);
  // What its segment goes on holding: nothing of it is read again.
  Result<void> import_extent(std::uint64_t number, Extent const& extent);
  Result<void> retire();
  // Has so much been kept since that `max_bytes` may be passed by more than a little?
  [[nodiscard]] bool retiring_is_due();
  void keep_importing(std::stop_token const& stop);
  [[nodiscard]] std::filesystem::path segment_path(std::uint64_t number) const;

  std::filesystem::path const directory_;
  Config const config_;
  Needs const needs_;
  Masks const masks_;
  Meters meters_;
  Fd lock_;
  std::mutex writing_;  // guards the three below; held for one write
  Segment current_;
  std::vector<Waiting> waiting_;
  bool torn_ = false;     // half a frame of ours is at the end and could not be cut off
  std::mutex importing_;  // guards the two below
  Database database_;
  std::uint64_t grown_ = 0;  // bytes of full segments since the last retirement
  std::condition_variable_any wake_;
  std::mutex waking_;
  bool failing_ = false;
  std::jthread thread_;  // last: joined first
};

}  // namespace aw::decisions
