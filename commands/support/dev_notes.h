// SPDX-License-Identifier: Apache-2.0
// What a developer may know about a decision of an agent that `agentweave dev` of the same user
// runs: the rule, the policy's time, the closest rule. Others get none of it: a caller must not
// learn the policy.
#pragma once

#include <string>

#include "commands/support/agent.h"
#include "commands/support/context.h"
#include "core/a2a/client.h"

namespace aw::commands {

// Fills in what `decision` leaves open, as far as it can be found out; silent when not. Blocks a
// second at the most.
void complete_notes(AgentSession const& session, std::string const& action, Context const& context,
                    a2a::DecisionNotes& decision);

}  // namespace aw::commands
