// SPDX-License-Identifier: Apache-2.0
// Finds expressions of a plan that can never hold because types do not fit: builtin arguments,
// comparisons, references into what has no such member. OPA's checks, over our plans.
#pragma once

#include "core/rego/compile.h"

namespace aw::rego {

// Precondition: no rule needs itself. Faults are rego_type_error.
// Beyond 200 rules that follow each other nothing is known
// of the next: fewer faults are found, never wrong ones.
void check_types(Program const& program, Faults& faults);
void check_query_types(PreparedQuery const& query, Faults& faults);

}  // namespace aw::rego
