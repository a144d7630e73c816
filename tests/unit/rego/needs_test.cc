// SPDX-License-Identifier: Apache-2.0
// A rule that cannot hold is not begun, as in OPA: an error that stands before what it lacks is
// not met. Found by the differential test.
#include "tests/unit/rego/support.h"

namespace aw::rego {
namespace {

constexpr std::string_view kNeedInput = R"({"text": "b", "list": ["a", 2], "map": {"k": "v"},
  "path": "/v1/x", "number": 3})";

struct NeedRow {
  std::string_view asks;  // a second expression, behind one that fails
  bool begun;             // whether the failing one is come to
};

constexpr NeedRow kNeeds[] = {
    {"true", true},
    {"input.missing", false},
    {"input.text", true},
    {"input.text == \"b\"", true},
    {"input.text == \"c\"", false},
    {"data.none.at.all", false},
    {"data.list", true},
    // Members: of what is given, and of what is written.
    {"null in input.list", false},
    {"\"a\" in input.list", true},
    {"\"v\" in input.map", true},
    {"\"k\" in input.map", false},
    {"1 in input.text", false},
    {"7 in data.list", true},
    {"8 in data.list", false},
    {"input.text in {\"a\", \"b\"}", true},
    {"input.text in [\"a\", \"c\"]", false},
    {"input.number in {3}", true},
    {"input.number in {\"3\"}", false},
    {"input.list[_] == \"a\"", true},
    {"input.list[_] == \"z\"", false},
    {"input.map[_] == \"v\"", true},
    // Beginnings and ends.
    {"startswith(input.path, \"/v1\")", true},
    {"startswith(input.path, \"/v2\")", false},
    {"endswith(input.path, \"x\")", true},
    {"endswith(input.path, \"y\")", false},
    // What no index looks at is come to.
    {"not input.text", true},
    {"some v in input.list; v == 9", true},
    {"input.number > 5", true},
    {"input.text == \"c\" with input.text as \"c\"", true},
};

}  // namespace

TEST_CASE("what a rule lacks keeps it from beginning, wherever it asks for it") {
  for (NeedRow const& row : kNeeds) {
    CAPTURE(row.asks);
    auto const policy = test::policy_of(
        "package p\nx contains 1 if {\n\t1 / input.zero == 1\n\t" + std::string(row.asks) + "\n}\n",
        R"({"list": [7]})");
    auto input = *parse_json(kNeedInput);
    input = merge(input, Value::object({{"zero", Value::number(0)}}));
    auto const query = policy->prepare("data.p.x");
    REQUIRE(query.ok());
    auto const strict = policy->evaluate(*query, input, {.builtin_errors = BuiltinErrors::strict});
    CHECK(strict.ok() == !row.begun);
    // Without strict errors the answer is the same in any case.
    auto const lax = policy->evaluate(*query, input);
    REQUIRE(lax.ok());
    CHECK(lax.value.to_text() == "set()");
  }
}

}  // namespace aw::rego
