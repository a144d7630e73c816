// SPDX-License-Identifier: Apache-2.0
// A decision of the past from the agent's own store, and why it was made: asked again of the policy
// of its time.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "commands/support/context.h"
#include "commands/support/decisions.h"
#include "core/decisions/entry.h"
#include "core/server/past_decision.h"

namespace aw::commands {

using PastDecision = server::PastDecision;

// Looks in the state directory given, in the configuration's, in those of agents that `dev` runs.
// nullopt when there is no store, or none that has it. Errors: usage (ambiguous), policy_*.
[[nodiscard]] Result<std::optional<PastDecision>> find_past(std::string const& id,
                                                            AdminOptions const& where,
                                                            std::string const& state,
                                                            Context const& context);

[[nodiscard]] DecisionRecord record_of(decisions::Entry const& entry);
[[nodiscard]] json::Json past_json(PastDecision const& past);
// "same decision, 2026-…, enforced at billing, peer 10.2.3.4, shadow policy agreed", the gate that
// stopped it, and the explanation.
void write_past(std::ostream& out, PastDecision const& past, Context const& context);

}  // namespace aw::commands
