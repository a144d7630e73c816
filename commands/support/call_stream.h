// SPDX-License-Identifier: Apache-2.0
// Prints a task's events as they come: `call --stream` and `task watch`.
//
// Text: a line for each state, each artifact as it grows, the product at the end. Machine readable:
// one 1.0 event a line, whatever the other side speaks.
#pragma once

#include <chrono>

#include "commands/support/context.h"
#include "commands/support/server.h"
#include "core/a2a/client_codec.h"

namespace aw::commands {

struct Followed {
  a2a::TaskPtr task;  // null when the answer was a message
  a2a::DecisionNotes decision;
};

// `ask` is a stream or a subscribe; `patience` is how long the next event may take. A task that
// failed is Code::backend_failed.
[[nodiscard]] io::Task<Result<Followed>> follow_events(a2a::Remote remote, a2a::Ask ask,
                                                       std::chrono::nanoseconds patience,
                                                       Context& context);

}  // namespace aw::commands
