// SPDX-License-Identifier: Apache-2.0
// The plain listener for scrapes and health probes. Plain values; the rows of
// core/config/schema_*.cc fill them.
#pragma once

#include <cstdint>
#include <string>

namespace aw::metrics {

// Read at start only. Whoever reaches `host`:`port` reads all of it: there is no TLS and no
// caller check on this listener.
struct Config {
  bool enabled = true;
  std::string host = "0.0.0.0";
  std::uint16_t port = 9090;  // 0 = any free one
  std::string path = "/metrics";
};

}  // namespace aw::metrics
