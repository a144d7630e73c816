// SPDX-License-Identifier: Apache-2.0
// Events of a trace as lines, laid out as OPA's `--explain` prints them. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/rego/policy.h"

namespace aw::rego {

// notes: what trace() said; fails: what did not hold; each below the rules it happened in.
enum class EventDetail { notes, fails, full };

[[nodiscard]] std::vector<TraceEvent> chosen_events(std::span<const TraceEvent> events,
                                                    EventDetail detail);
// `policy/authz.rego:12     | Enter data.agentweave.authz.allow`
[[nodiscard]] std::vector<std::string> event_lines(std::span<const TraceEvent> events);

}  // namespace aw::rego
