// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/masks.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/json.h"

using namespace aw;
using namespace aw::decisions;

namespace {

MaskRule removes(std::string path) {
  return {.op = MaskRule::Op::remove, .path = std::move(path), .value = {}};
}
MaskRule puts(std::string path, std::string value) {
  return {.op = MaskRule::Op::upsert, .path = std::move(path), .value = std::move(value)};
}

Masks masks(std::vector<MaskRule> rules) {
  auto parsed = Masks::parse({.mask_rules = std::move(rules)});
  REQUIRE(parsed.ok());
  return *std::move(parsed);
}

}  // namespace

// What OPA 1.22 made of the same rules and inputs, but for the array's member that is removed.
TEST_CASE("rules do to an input what OPA's do") {
  struct Case {
    MaskRule rule;
    char const* input;
    char const* result;
    char const* erased;
    char const* masked;
  };
  for (auto const& one : std::vector<Case>{
           {puts("/input/x/y", R"("***")"), R"({"x":{"y":1}})", R"({"x":{"y":"***"}})", "",
            R"(["/input/x/y"])"},
           {puts("/input/new/deep", R"({"k":1})"), "{}", R"({"new":{"deep":{"k":1}}})", "",
            R"(["/input/new/deep"])"},
           {puts("/input/list/0", "9"), R"({"list":[1,2]})", R"({"list":[9,2]})", "",
            R"(["/input/list/0"])"},
           {puts("/input/a/b", "9"), R"({"a":1})", R"({"a":1})", "", ""},
           {puts("/input/list/7", "9"), R"({"list":[1]})", R"({"list":[1]})", "", ""},
           {puts("/input/list/x/y", "9"), R"({"list":[1]})", R"({"list":[1]})", "", ""},
           {removes("/input/secret"), R"({"secret":"s","a":1})", R"({"a":1})",
            R"(["/input/secret"])", ""},
           {removes("/input/nothere"), R"({"a":1})", R"({"a":1})", "", ""},
           {removes("/input/a/b"), R"({"a":1})", R"({"a":1})", "", ""},
           {removes("/input/list/0"), R"({"list":[1,2]})", R"({"list":[null,2]})",
            R"(["/input/list/0"])", ""},
           {removes("/input/a~1b/c~0d"), R"({"a/b":{"c~d":1}})", R"({"a/b":{}})",
            R"(["/input/a~1b/c~0d"])", ""},
       }) {
    CAPTURE(one.rule.path);
    CAPTURE(one.input);
    auto const done = masks({one.rule}).apply(one.input);
    CHECK(json::Json::parse(done.input) == json::Json::parse(one.result));
    CHECK(done.erased == one.erased);
    CHECK(done.masked == one.masked);
  }
}

TEST_CASE("rules apply in their order, plain pointers first") {
  auto const parsed = Masks::parse({.masks = {"/input/a"}, .mask_rules = {puts("/input/a", "1")}});
  REQUIRE(parsed.ok());
  auto const done = parsed->apply(R"({"a":"secret"})");
  CHECK(done.input == R"({"a":1})");
  CHECK(done.erased == R"(["/input/a"])");
  CHECK(done.masked == R"(["/input/a"])");
}

TEST_CASE("what is no JSON is erased whole") {
  auto const done = masks({removes("/input/a")}).apply("secret");
  CHECK(done.input == "{}");
  CHECK(done.erased == R"(["/input"])");
}

TEST_CASE("rules that cannot be followed are refused") {
  for (auto const& rule :
       {puts("/input/a", ""), puts("/input/a", "{no json"), removes("input/a"), removes("/input"),
        removes("/result/a"), removes("/input/~"), removes("/inputs/a"),
        MaskRule{.op = MaskRule::Op::remove, .path = "/input/a", .value = "1"}}) {
    CAPTURE(rule.path);
    auto const parsed = Masks::parse({.mask_rules = {rule}});
    REQUIRE(!parsed.ok());
    CHECK(parsed.error().code == Code::config_out_of_range);
  }
}
