// SPDX-License-Identifier: Apache-2.0
// How much of the past is kept, and what of it. Plain values; the rows of core/config/schema_*.cc
// fill them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace aw::decisions {

// As a rule of OPA's system.log.mask.
struct MaskRule {
  enum class Op : std::uint8_t { remove, upsert };
  Op op = Op::remove;
  std::string path;   // below /input
  std::string value;  // JSON; upsert only
};

// Whichever of the two bounds is passed first retires the oldest. Read at start.
struct Config {
  bool enabled = true;  // needs state.directory
  std::uint64_t max_bytes = 256U << 20;
  std::chrono::nanoseconds max_age = std::chrono::hours(24 * 7);
  // What is taken out before anything is written, as OPA's decision log masks name it:
  // "/input/context/params/password", "/input/caller". No wildcards.
  std::vector<std::string> masks;
  std::vector<MaskRule> mask_rules;  // after `masks`, in order
};

// Where decisions are pushed to, in the format of OPA's decision log.
struct UploadConfig {
  std::string url;  // of the service; empty = nowhere
  std::string resource = "/logs";
  std::string token;    // bearer; a secret
  std::string ca_path;  // PEM trust of an https service; empty = the machine's
  // A batch leaves after a pause between these two, at random, or as soon as it is full.
  std::chrono::nanoseconds min_delay = std::chrono::seconds(5);
  std::chrono::nanoseconds max_delay = std::chrono::seconds(10);
  std::uint64_t upload_size_limit = 32U << 10;  // of one body, compressed
  std::uint64_t buffer_size_limit = 16U << 20;  // of what waits; the oldest go when it is full

  [[nodiscard]] bool active() const { return !url.empty(); }
};

}  // namespace aw::decisions
