// SPDX-License-Identifier: Apache-2.0
// Between what the gates know of a request and what the decision store keeps of it. Pure.
#pragma once

#include <string>

#include "core/authz/authz.h"
#include "core/base/result.h"
#include "core/decisions/entry.h"
#include "core/server/decision_event.h"

namespace aw::server {

// The views live as long as what is given.
// What every decision has, whether a policy was asked or not: who, whom, what, where, under which
// names. Before set_question.
void set_facts(decisions::Fields& fields, DecisionFacts const& facts);
// Everything a policy was asked; set kAsked beside it.
void set_question(decisions::Fields& fields, authz::AuthzContext const& question);
// `time`: when it was asked, which is the instant that policy was given.
// Adds to the flags that are set; a denial's code is there, also the one log-only mode passed
// over.
void set_decision(decisions::Fields& fields, authz::AuthzDecision const& decision, WallTime time);

// The question again, as policy was asked it. Error: spiffe_id_malformed, for an entry that no gate
// wrote.
[[nodiscard]] Result<authz::AuthzContext> question_of(decisions::Entry const& entry);
// The JSON of the `input` that policy saw; "{}" for an entry without a question.
[[nodiscard]] std::string input_of(decisions::Entry const& entry);

}  // namespace aw::server
