// SPDX-License-Identifier: Apache-2.0
// A decision of the past, asked again: the same input, at the same time, of the policy of then or
// of another one. Pure.
#pragma once

#include <memory>
#include <string>

#include "core/authz/embedded.h"
#include "core/authz/explain.h"
#include "core/authz/policy_store.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::authz {

// A policy as one JSON document, {"path","modules":[{"name","text"}],"data"}: what is kept beside
// the decisions made with it.
// Modules as they were written, data as the engine holds it: the digest can be made again from
// it.
[[nodiscard]] std::string policy_document(LoadedPolicy const& policy, std::string const& path);
// Compiled again. Its digest must be `digest`, unless that is empty. Errors: policy_*,
// policy_unreadable for what is no such document.
[[nodiscard]] Result<LoadedPolicy> read_policy_document(std::string const& document,
                                                        std::string const& digest);

// The input as it was, at the time it was asked; `clock` only bounds the evaluation.
[[nodiscard]] AuthzDecision decide_again(LoadedPolicy const& policy, rego::Value const& input,
                                         WallTime time, Clock const& clock);
// With the reasons, and what would have flipped it.
[[nodiscard]] Explanation explain_again(LoadedPolicy const& policy, rego::Value input,
                                        WallTime time, Clock const& clock);

}  // namespace aw::authz
