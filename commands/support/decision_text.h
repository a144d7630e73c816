// SPDX-License-Identifier: Apache-2.0
// What a remote agent's decision looks like in the terminal. On stderr: it is talk, not product.
#pragma once

#include <chrono>
#include <string>

#include "commands/support/context.h"
#include "core/a2a/client.h"

namespace aw::commands {

// "1.9 ms", "812 ms", "12 s"; one decimal below 100 ms.
[[nodiscard]] std::string milliseconds_text(std::chrono::nanoseconds duration);

// allowed  rule authz.rego:14  decision d-…  1.9 ms (policy 0.06 ms)
void say_allowed(Context& context, a2a::DecisionNotes const& decision,
                 std::chrono::nanoseconds took);

struct Denied {
  std::string caller;
  std::string target;
  std::string action;
};
// Three lines: what was denied, the closest rule when the agent tells, what to do next. Returns the
// command's answer.
[[nodiscard]] Result<Exit> say_denied(Context& context, Error error, Denied const& what,
                                      a2a::DecisionNotes const& decision);

[[nodiscard]] json::Json decision_json(a2a::DecisionNotes const& decision);

}  // namespace aw::commands
