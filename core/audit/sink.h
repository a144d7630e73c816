// SPDX-License-Identifier: Apache-2.0
// Where records go. The seam of the audit log.
//
// One owner calls it, one call at a time. `append` blocks until the sink holds the record; on an
// error nothing of the record remains, so that the next one may take its number.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/audit/chain.h"
#include "core/base/result.h"

namespace aw::audit {

// What a sink found when it was opened.
struct Resumed {
  ChainHead head;                  // where its chain stands; genesis when it keeps none
  std::string log_id;              // which log it is; empty when it keeps none
  std::vector<std::string> notes;  // repairs it made: the log records them
};

// Records of one moment, in the chain's order. `lines` is all their lines, one after the other.
struct Batch {
  std::span<Record const> records;
  std::string_view lines;
};

// The first `count` of a batch are stored; the error says why not all.
struct Appended {
  std::size_t count = 0;
  std::optional<Error> error;
};

enum class Keeps { nothing, records };  // does it still have the record after a crash of ours?

// A destination of records; write one for a place of your own.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  // Once, before the first append. Errors: audit_unavailable, audit_integrity.
  [[nodiscard]] virtual Result<Resumed> resume() = 0;
  // Error: audit_unavailable.
  [[nodiscard]] virtual Result<void> append(Record const& record) = 0;
  // The same for many, one by one where a sink knows nothing better.
  [[nodiscard]] virtual Appended append_all(Batch const& batch);
  // The oldest record it still has, and the first one of the file it writes now.
  [[nodiscard]] virtual std::uint64_t oldest() const { return 1; }
  [[nodiscard]] virtual std::uint64_t segment() const { return 1; }
  [[nodiscard]] virtual std::string name() const = 0;  // "file:///var/log/…", never a secret
  [[nodiscard]] virtual Keeps keeps() const = 0;
  // Taken, but not yet where it is to go: what a crash of the other side holds up.
  [[nodiscard]] virtual std::uint64_t waiting_bytes() const { return 0; }
  // Delivers what is waiting, for at most `deadline`. Safe to call twice.
  // Blocks. Nothing is appended any more when it is called.
  virtual void flush(std::chrono::nanoseconds deadline) { static_cast<void>(deadline); }
};

}  // namespace aw::audit
