// SPDX-License-Identifier: Apache-2.0
// Where the decisions are recorded. Plain values; the rows of core/config/schema.cc fill them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace aw::audit {

// For file:// destinations. Zero switches that reason to rotate (or to delete) off.
struct RotationConfig {
  std::uint64_t max_bytes = 100U << 20;
  std::uint32_t max_files = 10;  // rotated files kept
  std::chrono::nanoseconds max_age = std::chrono::hours(24 * 30);
};

struct Config {
  bool enabled = true;  // off: development only
  // stdout: | stderr: | file:///path | syslog://[host[:port]] | syslog+tcp://… | syslog+tls://… |
  // http(s)://…; never empty. A decision is made only when every one of them took the record.
  std::vector<std::string> destinations = {"file:///var/log/agentweave/audit.log"};
  RotationConfig rotation;
};

}  // namespace aw::audit
