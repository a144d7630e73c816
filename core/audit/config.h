// SPDX-License-Identifier: Apache-2.0
// Where the decisions are recorded. Plain values; the rows of core/config/schema_*.cc fill them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace aw::audit {

// For file:// destinations. Zero switches that reason to rotate (or to delete) off.
// Checked at each record; a rotation that fails lets the file grow a tenth before the next try.
struct RotationConfig {
  std::uint64_t max_bytes = 100U << 20;
  std::uint32_t max_files = 10;  // rotated files kept
  std::chrono::nanoseconds max_age = std::chrono::hours(24 * 30);
  bool daily = false;  // also when the UTC day changes
};

// How much may stand in the log before the SVID's key vouches for it.
struct CheckpointConfig {
  std::uint32_t max_records = 1000;
  std::chrono::nanoseconds max_age = std::chrono::seconds(60);  // also when nothing happens
};

// kernel: a record survives the process (kill -9). always: it survives the machine (fdatasync).
enum class Sync { kernel, always };

// Read at start only.
struct Config {
  bool enabled = true;  // off: development only
  // stdout: | stderr: | file:///path | syslog://[host[:port]] | syslog+tcp://… | syslog+tls://… |
  // http(s)://…; never empty. The first one that keeps what it took (file, or a network one with
  // its spool) is the primary: a request is answered only when it has the record. A failure of the
  // others is counted and logged.
  std::vector<std::string> destinations = {"file:///var/log/agentweave/audit.log"};
  RotationConfig rotation;
  CheckpointConfig checkpoint;
  Sync sync = Sync::kernel;
  std::uint64_t spool_max_bytes = 256U << 20;  // per network destination; full = deny
};

}  // namespace aw::audit
