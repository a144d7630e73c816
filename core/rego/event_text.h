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

// In the order given; an Enter without anything chosen below it is left out.
[[nodiscard]] std::vector<TraceEvent> chosen_events(std::span<const TraceEvent> events,
                                                    EventDetail detail);
// `policy/authz.rego:12     | Enter data.agentweave.authz.allow`
// One line an event. A location of more than 64 bytes loses its beginning.
[[nodiscard]] std::vector<std::string> event_lines(std::span<const TraceEvent> events);

}  // namespace aw::rego
