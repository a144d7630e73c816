// SPDX-License-Identifier: Apache-2.0
#include "core/rego/query_text.h"

#include "core/rego/plan.h"

namespace aw::rego {

std::vector<QueryExpression> query_expressions(Query const& query) {
  std::vector<QueryExpression> out;
  PreparedQuery const* prepared = query.get();
  if (prepared == nullptr || prepared->sources.empty()) return out;
  std::string const& all = prepared->sources.front().text;
  for (ExprInfo const& expr : prepared->plan.exprs) {
    Place const& place = expr.place;
    bool const inside = place.offset <= place.end && place.end <= all.size();
    out.push_back({.text = inside ? all.substr(place.offset, place.end - place.offset) : all,
                   .row = static_cast<int>(place.line),
                   .column = static_cast<int>(place.column)});
  }
  return out;
}

}  // namespace aw::rego
