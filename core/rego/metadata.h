// SPDX-License-Identifier: Apache-2.0
// What rego.metadata.rule and rego.metadata.chain answer: the annotations of the rule that asks,
// then those of its document, its package and the packages above, wherever they are written.
#pragma once

#include "core/rego/plan.h"

namespace aw::rego {

struct Metadata {
  Value rule;   // an object; empty where nothing is said of the rule
  Value chain;  // an array; empty where the rule is of no module
};

// Found anew at each call: known at load, the same for every evaluation.
[[nodiscard]] Metadata metadata_of(Program const& program, RulePlan const& rule);

}  // namespace aw::rego
