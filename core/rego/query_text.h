// SPDX-License-Identifier: Apache-2.0
// The expressions of a query as they were written: what tools print beside their values. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/rego/policy.h"

namespace aw::rego {

// `row` and `column` from 1, in the query's text.
struct QueryExpression {
  std::string text;
  int row = 1;
  int column = 1;
};

// In the order of Outcome::expressions.
[[nodiscard]] std::vector<QueryExpression> query_expressions(Query const& query);

}  // namespace aw::rego
