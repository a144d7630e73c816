// SPDX-License-Identifier: Apache-2.0
#include "core/base/code.h"

#include <doctest/doctest.h>

#include <set>

using namespace aw;

TEST_CASE("every code has one row with a title, a meaning and a unique number and id") {
  std::set<int> numbers;
  std::set<std::string_view> ids;
  for (auto const& row : all_codes()) {
    CAPTURE(code_name(row.code));
    CHECK_FALSE(row.title.empty());
    CHECK_FALSE(row.meaning.empty());
    CHECK(numbers.insert(static_cast<int>(row.code)).second);
    CHECK(ids.insert(row.id).second);
    CHECK(&code_info(row.code) == &row);
    CHECK(parse_code(code_name(row.code)) == row.code);
  }
}

TEST_CASE("an unavailable decision point is never reported as a plain deny") {
  CHECK(http_status(Code::pdp_unavailable) == 503);
  CHECK(http_status(Code::denied_by_policy) == 403);
  CHECK(exit_code(Code::pdp_unavailable) == Exit::unreachable);
  CHECK(exit_code(Code::denied_by_policy) == Exit::denied);
}

TEST_CASE("a code that is not in the table is not parsed") {
  CHECK_FALSE(parse_code("AW3999").has_value());
  CHECK_FALSE(parse_code("AW").has_value());
  CHECK_FALSE(parse_code("AW3001x").has_value());
}
