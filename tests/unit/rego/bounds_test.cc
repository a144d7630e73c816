// SPDX-License-Identifier: Apache-2.0
// A policy that takes forever, or all memory, ends in an error: callers deny.
#include "core/base/clock.h"
#include "tests/unit/rego/support.h"

namespace aw::rego {

namespace {

class SteppingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return {}; }
  [[nodiscard]] SteadyTime steady() const override { return now_ += std::chrono::milliseconds(10); }

 private:
  mutable SteadyTime now_{};
};

constexpr std::string_view kForever =
    "package p\nx if {\n\tsome a in numbers.range(1, 1000)\n\tsome b in numbers.range(1, 1000)\n"
    "\tsome c in numbers.range(1, 1000)\n\ta + b + c == 0\n}\n";

}  // namespace

TEST_CASE("steps are bounded") {
  auto policy = test::policy_of(kForever);
  Outcome outcome = test::ask(*policy, "data.p.x", "", {.limits = {.steps = 10'000}});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error->code == "eval_cancel_error");
  CHECK_FALSE(outcome.value.defined());
}

TEST_CASE("time is bounded by the clock that is given") {
  SteppingClock clock;
  auto policy = test::policy_of(kForever);
  Outcome outcome = test::ask(*policy, "data.p.x", "", {.clock = &clock});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error->message == "evaluation takes too long");
  CHECK(outcome.error->location.file.empty());  // no line is to blame
}

TEST_CASE("the caller may end it") {
  auto policy = test::policy_of(kForever);
  Outcome outcome = test::ask(*policy, "data.p.x", "", {.cancelled = [] { return true; }});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error->code == "eval_cancel_error");
}

TEST_CASE("memory is bounded") {
  auto policy = test::policy_of(
      "package p\nx := [a | some a in numbers.range(1, 100000); some b in numbers.range(1, 100)]");
  Outcome outcome = test::ask(*policy, "data.p.x", "", {.limits = {.memory = 1U << 20}});
  REQUIRE_FALSE(outcome.ok());
  auto range = test::policy_of("package p\nx := numbers.range(1, 1000000000000)");
  CHECK_FALSE(test::ask(*range, "data.p.x").ok());
}

TEST_CASE("a text that a builtin makes weighs what it weighs") {
  auto policy = test::policy_of(
      "package p\nhuge := sprintf(\"%1000000d\", [1])\n"
      "x := [t | some i in numbers.range(1, 100); t := concat(\"\", [huge, sprintf(\"%d\", "
      "[i])])]");
  CHECK(test::ask(*policy, "count(data.p.x)").ok());
  Outcome outcome = test::ask(*policy, "data.p.x", "", {.limits = {.memory = 8U << 20}});
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error->message == "evaluation takes too much memory");
}

TEST_CASE(
    "a builtin that runs long looks at the clock, and never answers what it did not find out") {
  // A range that does not fit 64 bits, and two patterns that have millions of places in common.
  auto const range = "x := numbers.range(100000000000000000000, 100000000000001000000)";
  std::string a;
  std::string b;
  for (int i = 0; i < 900; ++i) {
    a += ".*";
    b += "[a-y]*";
  }
  auto const globs = "x if not regex.globs_match(`" + a + "z`, `" + b + "x`)";
  for (std::string const& rule : {std::string(range), globs}) {
    SteppingClock clock;
    auto policy = test::policy_of("package p\n" + rule);
    Outcome outcome = test::ask(*policy, "data.p.x", "", {.clock = &clock});
    REQUIRE_FALSE(outcome.ok());
    CHECK_FALSE(outcome.value.defined());
  }
}

TEST_CASE("nesting is bounded") {
  std::string text = "package p\nx := r0\nr3000 := 1\n";
  for (int i = 0; i < 3000; ++i) {
    text += "r" + std::to_string(i) + " := r" + std::to_string(i + 1) + "\n";
  }
  auto policy = test::policy_of(text);
  Outcome outcome = test::ask(*policy, "data.p.x");
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error->message == "evaluation nests too deeply");
}

TEST_CASE("a long chain of rules is compiled, whatever its length") {
  constexpr int kRules = 20'000;
  std::string text = "package p\nr" + std::to_string(kRules) + " := 1\n";
  for (int i = 0; i < kRules; ++i) {
    text += "r" + std::to_string(i) + " := r" + std::to_string(i + 1) + "\n";
  }
  CHECK(test::ask(*test::policy_of(text), "data.p.r19900").value.to_json() == "1");
}

TEST_CASE("builtin errors are undefined, or errors when asked for") {
  auto policy = test::policy_of("package p\nx := 1 / 0");
  CHECK_FALSE(test::ask(*policy, "data.p.x").defined());
  CHECK(test::ask(*policy, "data.p.x").ok());
  Outcome strict = test::ask(*policy, "data.p.x", "", {.builtin_errors = BuiltinErrors::strict});
  REQUIRE_FALSE(strict.ok());
  CHECK(strict.error->text() == "p.rego:2: eval_builtin_error: div: divide by zero");
}

TEST_CASE("a query of another policy is refused") {
  auto a = test::policy_of("package p\nx := 1");
  auto b = test::policy_of("package p\nx := 2");
  auto query = a->prepare("data.p.x");
  REQUIRE(query.ok());
  CHECK_FALSE(b->evaluate(*query, {}).ok());
  CHECK_FALSE(b->evaluate({}, {}).ok());
}

}  // namespace aw::rego
