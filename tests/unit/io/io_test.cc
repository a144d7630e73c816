// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

TEST_CASE("blocking work that throws is an error of its own call") {
  BlockingPool pool(1, 4);
  auto const result = run_blocking(
      pool.run<int>([]() -> Result<int> { throw std::runtime_error("the disk is on fire"); }));
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::internal);
  CHECK(result.error().message.find("the disk is on fire") != std::string::npos);
  auto const next = run_blocking(pool.run<int>([]() -> Result<int> { return 7; }));
  CHECK(next.value() == 7);
}

TEST_CASE("a pool that stops runs what was queued, and takes nothing more") {
  std::atomic<int> ran{0};
  BlockingPool pool(1, 100);
  std::latch started(1);
  std::latch go(1);
  REQUIRE(pool.submit([&] {
    started.count_down();
    go.wait();
  }));
  started.wait();
  for (int i = 0; i < 10; ++i) REQUIRE(pool.submit([&ran] { ++ran; }));
  go.count_down();
  pool.stop();
  CHECK(ran == 10);
  CHECK_FALSE(pool.submit([] {}));
  auto const refused = run_blocking(pool.run<int>([]() -> Result<int> { return 1; }));
  CHECK(refused.error().code == Code::overloaded);
  pool.stop();
}

TEST_CASE("whatever happens, an open breaker admits nobody and a half-open one admits one") {
  std::uint64_t seed = 20261127;
  auto const pick = [&seed](std::uint64_t n) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed >> 33U) % n;
  };
  for (int round = 0; round < 300; ++round) {
    CircuitBreaker breaker(kBreaker);
    SteadyTime now{1h};
    int probes = 0;  // admitted while half open and not reported yet
    for (int step = 0; step < 60; ++step) {
      auto const before = breaker.state(now);
      switch (pick(5)) {
        case 0: {
          bool const admitted = breaker.admit(now);
          if (before == State::closed) REQUIRE(admitted);
          if (before == State::open) REQUIRE_FALSE(admitted);
          if (before == State::half_open && admitted) REQUIRE(++probes == 1);
          break;
        }
        case 1:
          breaker.failed(now);
          if (before == State::half_open && probes == 1) {
            REQUIRE(breaker.state(now) == State::open);
          }
          probes = 0;
          break;
        case 2:
          if (before != State::open) {
            breaker.succeeded();
            probes = 0;
          }
          break;
        case 3:
          breaker.abandoned();
          probes = 0;
          break;
        default:
          now += std::chrono::seconds(pick(20));
      }
      REQUIRE(breaker.retry_after(now) <= kBreaker.timeout);
      if (breaker.state(now) == State::closed) REQUIRE(breaker.retry_after(now) == 0ns);
    }
  }
}

TEST_CASE("of many callers at a half-open breaker one goes through") {
  for (int round = 0; round < 20; ++round) {
    CircuitBreaker breaker(kBreaker);
    trip(breaker, SteadyTime{});
    std::atomic<int> admitted{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] { admitted += breaker.admit(SteadyTime{} + 30s) ? 1 : 0; });
    }
    for (auto& caller : callers) caller.join();
    CHECK(admitted == 1);
  }
}

TEST_CASE("a pause between tries is at least half the base and never above the cap") {
  struct Row {
    std::chrono::nanoseconds base;
    std::chrono::nanoseconds most;
  };
  for (Row const& row : {Row{100ms, 30s}, Row{1s, 1s}, Row{10s, 1s}, Row{1ns, 1h}, Row{1h, 1h}}) {
    Backoff backoff(row.base, row.most);
    for (int i = 0; i < 100; ++i) {
      auto const pause = backoff.next();
      CHECK(pause >= std::min(row.base / 2, row.most));
      CHECK(pause <= row.most);
    }
  }
}

TEST_CASE("a watch tells its listeners of every later value, in order, and keeps old ones alive") {
  Watch<std::string> watch;
  watch.publish("before");
  std::vector<std::string> heard;
  watch.on_change([&heard](Watch<std::string>::Seen const& seen) { heard.push_back(*seen.value); });
  auto const kept = watch.latest().value;
  watch.publish("one");
  watch.publish("two");
  CHECK(heard == std::vector<std::string>{"one", "two"});
  CHECK(*kept == "before");
  CHECK(watch.version() == 3);
  CHECK(watch.wait_newer(3, 0ns).version == 3);
  CHECK(*watch.wait_newer(2, 0ns).value == "two");
}

TEST_CASE("who waits for a newer value wakes with it, from any thread") {
  Watch<int> watch;
  std::vector<std::thread> readers;
  std::atomic<int> sum{0};
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] { sum += *watch.wait_newer(0, 60s).value; });
  }
  watch.publish(7);
  for (auto& reader : readers) reader.join();
  CHECK(sum == 28);
}

TEST_CASE("a task that throws passes it on to whoever runs it") {
  auto const thrower = []() -> Task<int> {
    co_await sleep_until(SteadyTime{});
    throw std::runtime_error("no");
  };
  CHECK_THROWS_AS(run_blocking(thrower()), std::runtime_error);
  auto const nothing = []() -> Task<void> { co_return; };
  run_blocking(nothing());
}

TEST_CASE("loops may be stopped twice, and none means one") {
  Loops loops(0);
  std::latch ran(1);
  loops.post_all([&ran](std::size_t index) {
    CHECK(index == 0);
    ran.count_down();
  });
  ran.wait();
  loops.stop();
  loops.stop();
}
