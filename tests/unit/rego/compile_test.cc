// SPDX-License-Identifier: Apache-2.0
// What is refused at load, and in which words.
#include <algorithm>

#include "tests/unit/rego/support.h"

namespace aw::rego {

using test::faults_of;

TEST_CASE("a fault names file, line and column and shows the place") {
  auto faults = faults_of("package p\n\nallow if {\n\tinput.x ==\n}\n");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].code == "rego_parse_error");
  CHECK(faults[0].file == "p.rego");
  CHECK(faults[0].line == 5);
  CHECK(faults[0].snippet == "}\n^");
}

TEST_CASE("all faults are told, not only the first") {
  auto faults = faults_of("package p\na if x > 1\nb if nope(2)\n");
  CHECK(faults.size() == 2);
}

TEST_CASE("unsafe variables are refused") {
  for (std::string_view rule : {"x if y > 1", "x := y", "x if not input[y]", "f(a) := b",
                                "x if y == 1", "x contains y", "x if { some y; not y }"}) {
    auto faults = faults_of("package p\n" + std::string(rule) + "\n");
    REQUIRE_MESSAGE(!faults.empty(), rule);
    CHECK_MESSAGE(faults[0].code == "rego_unsafe_var_error", rule);
  }
}

TEST_CASE("recursion is refused with its chain") {
  auto faults = faults_of("package p\na if b\nb if c\nc if a\n");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].code == "rego_recursion_error");
  CHECK(faults[0].message ==
        "rule data.p.a is recursive: data.p.a -> data.p.b -> data.p.c -> data.p.a");
}

TEST_CASE("what the engine does not know is refused by name") {
  auto unknown = faults_of("package p\nx := made.up(1)\n");
  REQUIRE(!unknown.empty());
  CHECK(unknown[0].message == "undefined function made.up");
  CHECK(unknown[0].error == Code::policy_unsupported);
  auto send = faults_of("package p\nx := http.send({\"url\": \"x\"})\n");
  REQUIRE(!send.empty());
  CHECK(send[0].message == "builtin function http.send is not supported");
  CHECK(send[0].hint.find("network") != std::string::npos);
  auto denied = faults_of("package p\nx := count([])\n", {.deny_builtins = {"count"}});
  REQUIRE(!denied.empty());
  CHECK(denied[0].error == Code::policy_unsupported);
}

TEST_CASE("wrong numbers of arguments and conflicting rules are refused") {
  CHECK(faults_of("package p\nx := count(1, 2, 3)\n")[0].code == "rego_type_error");
  CHECK(faults_of("package p\nx := 1\nx contains 2\n")[0].message ==
        "conflicting rules data.p.x found");
  CHECK(faults_of("package p\ndefault x := 1\ndefault x := 2\n")[0].message ==
        "multiple default rules data.p.x found");
  CHECK(faults_of("package p\nx := 1 if { y := 1; y := 2 }\n")[0].message ==
        "var y assigned above");
}

TEST_CASE("strict mode refuses what is declared and never used") {
  CompileOptions strict{.strictness = Strictness::strict};
  CHECK(faults_of("package p\nimport data.q\nx := 1\n", strict)[0].message ==
        "import data.q unused");
  CHECK(faults_of("package p\nx if { y := 1 }\n", strict)[0].message == "assigned var y unused");
}

TEST_CASE("the old syntax is refused with the keyword that is missing") {
  CHECK(faults_of("package p\nx { true }\n")[0].message ==
        "`if` keyword is required before rule body");
  CHECK(faults_of("package p\nx[1]\n")[0].message ==
        "`contains` keyword is required for partial set rules");
}

TEST_CASE("deep and ambiguous texts end in an error, soon") {
  for (std::string_view piece : {"[", "{", "(", "f(", "{a|", "not ", "$\"{"}) {
    std::string text = "package p\nx := ";
    for (int i = 0; i < 5000; ++i) text += piece;
    CHECK_FALSE(faults_of(text).empty());
  }
}

TEST_CASE("the digest follows sources and data") {
  auto a = test::policy_of("package p\nx := 1");
  auto b = test::policy_of("package p\nx := 2");
  auto c = test::policy_of("package p\nx := 1", R"({"d": 1})");
  CHECK(a->digest().size() == 64);
  CHECK(a->digest() == test::policy_of("package p\nx := 1")->digest());
  CHECK(a->digest() != b->digest());
  CHECK(a->digest() != c->digest());
  CHECK(a->rule_count() == 1);
}

}  // namespace aw::rego
