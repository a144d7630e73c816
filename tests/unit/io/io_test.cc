// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <latch>

#include "core/io/backoff.h"
#include "core/io/breaker.h"
#include "core/io/loops.h"
#include "core/io/pool.h"
#include "core/io/task.h"
#include "core/io/watch.h"

using namespace aw;
using namespace aw::io;
using namespace std::chrono_literals;
using State = CircuitBreaker::State;

namespace {

constexpr BreakerConfig kBreaker{.failure_threshold = 3, .success_threshold = 2, .timeout = 30s};

// Opens the breaker at `now`.
void trip(CircuitBreaker& breaker, SteadyTime now) {
  for (int i = 0; i < 3; ++i) {
    REQUIRE(breaker.admit(now));
    breaker.failed(now);
  }
}

}  // namespace

TEST_CASE("the breaker opens after the threshold of failures in a row, not before") {
  CircuitBreaker breaker(kBreaker);
  SteadyTime const now{};
  for (int round = 0; round < 5; ++round) {
    CHECK(breaker.admit(now));
    breaker.failed(now);
    CHECK(breaker.admit(now));
    breaker.failed(now);
    CHECK(breaker.admit(now));
    breaker.succeeded();
  }
  CHECK(breaker.state(now) == State::closed);
  trip(breaker, now);
  CHECK(breaker.state(now) == State::open);
  CHECK_FALSE(breaker.admit(now + 29s));
  CHECK(breaker.retry_after(now + 10s) == 20s);
}

TEST_CASE("a half-open breaker lets one probe through at a time and closes after the successes") {
  CircuitBreaker breaker(kBreaker);
  SteadyTime const now{};
  trip(breaker, now);
  SteadyTime const later = now + 30s;
  CHECK(breaker.state(later) == State::half_open);
  CHECK(breaker.admit(later));
  CHECK_FALSE(breaker.admit(later));
  breaker.succeeded();
  CHECK(breaker.state(later) == State::half_open);
  CHECK(breaker.admit(later));
  breaker.succeeded();
  CHECK(breaker.state(later) == State::closed);
}

TEST_CASE("one failed probe opens the breaker again, for the whole timeout") {
  CircuitBreaker breaker(kBreaker);
  SteadyTime const now{};
  trip(breaker, now);
  CHECK(breaker.admit(now + 30s));
  breaker.failed(now + 30s);
  CHECK_FALSE(breaker.admit(now + 59s));
  CHECK(breaker.admit(now + 60s));
}

TEST_CASE("an abandoned probe makes room for the next") {
  CircuitBreaker breaker(kBreaker);
  SteadyTime const now{};
  trip(breaker, now);
  CHECK(breaker.admit(now + 30s));
  breaker.abandoned();
  CHECK(breaker.admit(now + 30s));
}

TEST_CASE("backoff grows, stays below its cap and starts anew after a reset") {
  Backoff backoff(10ms, 100ms);
  for (int i = 0; i < 50; ++i) {
    auto const wait = backoff.next();
    CHECK(wait >= 5ms);
    CHECK(wait <= 100ms);
  }
  backoff.reset();
  CHECK(backoff.next() <= 10ms);
}

TEST_CASE("a watch hands out the last value whole and wakes who waits for a newer one") {
  Watch<int> watch;
  CHECK(watch.latest().value == nullptr);
  std::thread writer([&watch] { watch.publish(7); });
  auto const seen = watch.wait_newer(0, 10s);
  writer.join();
  REQUIRE(seen.value != nullptr);
  CHECK(*seen.value == 7);
  CHECK(watch.wait_newer(seen.version, 0ms).version == seen.version);
}

TEST_CASE("work posted to all loops runs once on each") {
  Loops loops(3);
  std::atomic<int> ran{0};
  std::latch done(3);
  loops.post_all([&](std::size_t) {
    ++ran;
    done.count_down();
  });
  done.wait();
  CHECK(ran == 3);
  loops.stop();
  loops.stop();
}

TEST_CASE("blocking work runs off the loop and its result comes back to it") {
  BlockingPool pool(1, 8);
  auto const work = [](BlockingPool* p) -> Task<Result<std::thread::id>> {
    co_return co_await p->run<std::thread::id>(
        [] { return Result<std::thread::id>(std::this_thread::get_id()); });
  };
  auto const result = run_blocking(work(&pool));
  REQUIRE(result.ok());
  CHECK(*result != std::this_thread::get_id());
}

TEST_CASE("a full pool says no instead of queueing without end") {
  std::latch started(1);
  std::latch release(1);
  BlockingPool pool(1, 1);  // last: its thread still uses the latches while it is joined
  REQUIRE(pool.submit([&] {
    started.count_down();
    release.wait();
  }));
  started.wait();
  CHECK(pool.submit([] {}));
  CHECK_FALSE(pool.submit([] {}));
  release.count_down();
}
