// SPDX-License-Identifier: Apache-2.0
// What could stand in the input instead: values that a policy and its data mention. Pure.
#pragma once

#include <vector>

#include "core/rego/near_miss.h"
#include "core/rego/suggest.h"

namespace aw::rego {

// Scalars written in rules, then those of the data (its keys too) and of the input, each once: at
// most 400, from at most ten levels.
[[nodiscard]] std::vector<Value> mentioned_values(Program const& program,
                                                  Situation const& situation);

// Constant paths below input that some rule reads, each once: at most 40.
[[nodiscard]] std::vector<std::vector<Value>> asked_input_paths(Program const& program);

[[nodiscard]] Value value_at(Value const& root, std::vector<Value> const& path);

// Of the pool what is of the same kind as `before` (undefined: all). A URI gets itself with
// another authority; an RFC 3339 time, first of all, every hour of the seven days from its own
// on.
[[nodiscard]] std::vector<Value> fitting_values(std::vector<Value> const& pool,
                                                Value const& before);

}  // namespace aw::rego
