// SPDX-License-Identifier: Apache-2.0
// Tests with cases: `test_add[name] if { some name, c in table; c.a + c.b == c.sum }` is one test a
// name, which passes when its body holds for that name.
#pragma once

#include "core/rego/plan.h"

namespace aw::rego {

// Whether the rule's head has steps that its body decides.
[[nodiscard]] bool has_cases(RulePlan const& rule);
// The statements of the body that find the names, and what is asked before that.
[[nodiscard]] Block finding_cases(RulePlan const& rule);

}  // namespace aw::rego
