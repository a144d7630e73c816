// SPDX-License-Identifier: Apache-2.0
// How much of the past is kept, and what of it. Plain values; the rows of core/config/schema.cc
// fill them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace aw::decisions {

// Whichever of the two bounds is passed first retires the oldest. Read at start.
struct Config {
  bool enabled = true;  // needs state.directory
  std::uint64_t max_bytes = 256U << 20;
  std::chrono::nanoseconds max_age = std::chrono::hours(24 * 7);
  // What is taken out before anything is written, as OPA's decision log masks name it:
  // "/input/context/params/password", "/input/caller". No wildcards.
  std::vector<std::string> masks;
};

}  // namespace aw::decisions
