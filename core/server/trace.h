// SPDX-License-Identifier: Apache-2.0
// Which trace a request belongs to (W3C Trace Context, level 1). Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aw::server {

// One a request. Default: no trace at all, which nobody hands out.
struct Trace {
  std::string trace_id;  // 32 lower-case hexadecimal digits
  std::string span_id;   // 16: ours
  std::string flags = "00";
  std::string parent_id{};  // 16: the caller's; empty = we are the first
  bool kept = false;        // are spans made for it here?

  // Bit 0 of the flags (§3.2.3.4.1).
  [[nodiscard]] bool sampled() const;
  [[nodiscard]] std::string traceparent() const;  // for whoever comes next
};

// Goes on with the caller's trace when `traceparent` is well formed, begins a new one otherwise.
// Versions after 00 are read as their first 55 characters (§3.2.4). The span id is always new.
[[nodiscard]] Trace continue_trace(std::optional<std::string_view> traceparent);

}  // namespace aw::server
