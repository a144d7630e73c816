// SPDX-License-Identifier: Apache-2.0
// Decides whether a request is kept, as OpenTelemetry's samplers of the same names do. Value; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/trace/config.h"

namespace aw::trace {

// What the caller's `traceparent` said of this trace.
enum class Parent : std::uint8_t { none, sampled, not_sampled };

// Asked once a request, before a span is made: what it does not keep costs nothing more.
class Sampler {
 public:
  // Keeps nothing.
  Sampler() = default;
  // Keeps nothing either when nothing would be sent (Config::active).
  explicit Sampler(Config const& config);
  // `trace_id`: 32 hexadecimal digits. The same id gives the same answer at every agent of one
  // rate.
  // By ratio the last 14 digits decide, which W3C Trace Context level 2 promises to be random; an
  // id too short for that is not kept.
  [[nodiscard]] bool keeps(std::string_view trace_id, Parent parent) const;

 private:
  bool follows_parent_ = false;
  bool active_ = false;
  std::uint64_t bound_ = 0;  // of 2^56: ids below it are kept
};

}  // namespace aw::trace
