// SPDX-License-Identifier: Apache-2.0
// OPA's own trace, laid over the texts of its policies: which lines held, which failed. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::authz {

// The policies in OPA's answer to GET /v1/policies: named by their ids.
[[nodiscard]] std::vector<rego::Source> opa_policies(rego::Value const& answer);

// `events` are lines of a trace with explain=full&pretty: "authz.rego:9  | | Fail …". Each rule
// that OPA tried, or that its index left out, with how far it came. A trace has no values, so
// there are none; nullptr when no event points into a policy that parses.
// OPA shortens long file names; a line belongs to the policy whose id it ends. Which expression
// of a line failed is a guess by the names in it.
[[nodiscard]] std::shared_ptr<const rego::Why> why_of_events(
    rego::Value const& events, std::vector<rego::Source> const& policies);

}  // namespace aw::authz
