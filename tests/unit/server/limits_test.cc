// SPDX-License-Identifier: Apache-2.0
#include "core/server/limits.h"

#include <doctest/doctest.h>

#include <limits>
#include <optional>

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

TEST_CASE("no more requests than the limit are in flight, and a slot that goes makes room") {
  Admission admission(2);
  auto first = admission.enter();
  std::optional<Admission::Slot> second(admission.enter());
  CHECK(first);
  CHECK(*second);
  CHECK_FALSE(admission.enter());
  CHECK(admission.in_flight() == 2);
  second.reset();
  CHECK(admission.enter());
}

TEST_CASE("a caller's connections share what it may have in flight, and leave room to others") {
  Admission admission(3, 2);
  auto const a = admission.load_of("a");
  CHECK(admission.load_of("a") == a);
  auto const b = admission.load_of("b");
  auto first = admission.enter(a);
  std::optional<Admission::Slot> second(admission.enter(a));
  CHECK(admission.enter(a).room() == Admission::Room::none_for_caller);
  auto const other = admission.enter(b);
  CHECK(other);
  CHECK(admission.enter(b).room() == Admission::Room::none);
  CHECK(admission.in_flight() == 3);
  second.reset();
  CHECK(admission.enter(a));
}

TEST_CASE("callers without a connection are forgotten, and no limit of their own costs nothing") {
  Admission admission(10, 5);
  std::weak_ptr<Admission::Load> const gone = admission.load_of("gone");
  CHECK(gone.expired());
  auto const back = admission.load_of("gone");
  CHECK(back != nullptr);
  CHECK(*back == 0);
  CHECK(Admission(10).load_of("a") == nullptr);
}

TEST_CASE("a caller that passes its rate waits, others do not") {
  RateLimiter limiter({.requests_per_second = 10, .burst = 2});
  SteadyTime const now{};
  CHECK(limiter.take("a", now) == 0ns);
  CHECK(limiter.take("a", now) == 0ns);
  auto const wait = limiter.take("a", now);
  CHECK(wait > 99ms);
  CHECK(wait <= 101ms);
  CHECK(limiter.take("b", now) == 0ns);
  CHECK(limiter.take("a", now + wait) == 0ns);
}

TEST_CASE("the rate is off at zero") {
  RateLimiter limiter({});
  for (int i = 0; i < 1000; ++i) CHECK(limiter.take("a", {}) == 0ns);
}

TEST_CASE("a slow rate tells its whole wait, and a clock that goes back takes nothing away") {
  RateLimiter limiter({.requests_per_second = 0.1, .burst = 1});
  SteadyTime const now{1h};
  CHECK(limiter.take("a", now) == 0ns);
  auto const wait = limiter.take("a", now);
  CHECK(wait >= 10s);
  CHECK(wait < 11s);
  CHECK(limiter.take("a", now - 1min) > 0ns);
  CHECK(limiter.take("a", now + 10s + 1ms) == 0ns);
}

TEST_CASE("a rate of hardly ever still refuses") {
  for (double const rate : {1e-9, 1e-10, 1e-300, std::numeric_limits<double>::denorm_min()}) {
    RateLimiter limiter({.requests_per_second = rate, .burst = 1});
    SteadyTime const now{std::chrono::seconds(1)};
    CHECK(limiter.take("a", now) == std::chrono::nanoseconds::zero());
    CHECK(limiter.take("a", now) >= std::chrono::hours(24 * 365));
    CHECK(limiter.take("a", now + std::chrono::hours(1)) > std::chrono::hours(1));
  }
}

TEST_CASE("a moved slot is one slot") {
  Admission admission(1);
  {
    auto first = admission.enter();
    Admission::Slot const second(std::move(first));
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the question
    CHECK(second);
    CHECK(admission.in_flight() == 1);
  }
  CHECK(admission.in_flight() == 0);
  CHECK_FALSE(Admission(0).enter());
}

TEST_CASE("a flood of caller names does not grow the table without end") {
  RateLimiter limiter({.requests_per_second = 1, .burst = 1});
  for (std::size_t i = 0; i < 2 * RateLimiter::kMostCallers; ++i) {
    CHECK(limiter.take("caller-" + std::to_string(i), {}) == 0ns);
  }
  CHECK(limiter.take("caller-" + std::to_string(2 * RateLimiter::kMostCallers - 1), {}) > 0ns);
}
