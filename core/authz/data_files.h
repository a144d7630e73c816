// SPDX-License-Identifier: Apache-2.0
// Data documents for policies: JSON and YAML text into one value. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::authz {

// By the name's extension: .json, .yaml or .yml. The root must be a mapping. Error: policy_data.
[[nodiscard]] Result<rego::Value> parse_data_file(std::string const& name, std::string_view text);

// Both documents in one; objects join member by member, anything defined by both is an error
// (policy_data) that names it. `name` is the file `added` comes from.
// The values share what they have in common with the result; neither changes.
[[nodiscard]] Result<rego::Value> join_data(rego::Value const& base, rego::Value const& added,
                                            std::string const& name);

}  // namespace aw::authz
