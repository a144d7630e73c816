// SPDX-License-Identifier: Apache-2.0
// A decision of the past and why it was made: asked again of the policy of its time.
//
// Blocks on the store. For people who look; never on a request's way.
#pragma once

#include <optional>
#include <string>

#include "core/authz/explain.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/decisions/entry.h"
#include "core/decisions/reader.h"

namespace aw::server {

struct PastDecision {
  decisions::Entry entry;
  // Absent: policy was not asked, is no longer kept, or was a remote one; `unexplained` says which.
  std::optional<authz::Explanation> explanation;
  std::string unexplained;
};

// `clock` only bounds the evaluation. Errors: state_unusable, policy_*.
[[nodiscard]] Result<PastDecision> explain_past(decisions::Entry entry, decisions::Reader& reader,
                                                Clock const& clock);

// The entry alone, for lists: ids, ends, action, verdict, code, gate, rule, times.
[[nodiscard]] json::Json entry_json(decisions::Entry const& entry);
// That, and the input, the shadow's word, what was masked, and the explanation (`then`).
[[nodiscard]] json::Json past_decision_json(PastDecision const& past);

}  // namespace aw::server
