// SPDX-License-Identifier: Apache-2.0
// Finds where the chain of a log file stands, and cuts off a last line that a crash left half
// written. Blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/audit/chain.h"
#include "core/base/result.h"

namespace aw::audit {

struct Recovered {
  ChainHead head;
  std::uint64_t size = 0;           // of the file, after the cut
  std::string last_timestamp;       // of the last record; empty when there is none
  std::optional<std::string> torn;  // the half line, already moved to the file named here
};

// `fd` is open for reading and writing. A torn tail is first copied to PATH.torn-SEQ, then cut off.
// Errors: audit_integrity when the last whole line is no good record, audit_unavailable for I/O.
// Looks at the last two records' worth of bytes only: the chain before them is verify.h's
// business. An empty file is a new chain.
[[nodiscard]] Result<Recovered> recover(int fd, std::filesystem::path const& path);

}  // namespace aw::audit
