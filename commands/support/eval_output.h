// SPDX-License-Identifier: Apache-2.0
// What an evaluation answered, in the formats of `opa eval`. Pure.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/rego/policy.h"

namespace aw::commands {

enum class EvalFormat { json, values, bindings, raw, pretty };

// {"result":[{"expressions":[{"value":…,"text":…,"location":{…}}],"bindings":{…}}]}; an empty
// object when there is no solution.
[[nodiscard]] json::Json eval_json(rego::Outcome const& outcome, rego::Query const& query);
// {"errors":[{"message":…,"code":…,"location":{…}}]}
[[nodiscard]] json::Json eval_errors(std::vector<rego::Diagnostic> const& faults);
[[nodiscard]] json::Json eval_errors(rego::EvalError const& error);

// Every format but json.
void write_eval(std::ostream& out, EvalFormat format, rego::Outcome const& outcome,
                rego::Query const& query);
// Is there any solution?
[[nodiscard]] std::size_t solutions(rego::Outcome const& outcome);

[[nodiscard]] json::Json value_json(rego::Value const& value);

}  // namespace aw::commands
