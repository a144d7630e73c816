// SPDX-License-Identifier: Apache-2.0
#include "core/io/alarm.h"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <latch>
#include <memory>

#include "core/io/loops.h"
#include "core/io/task.h"

using namespace aw;
using namespace aw::io;
using namespace std::chrono_literals;

namespace {

SteadyTime soon() { return std::chrono::steady_clock::now() + 5ms; }
SteadyTime late() { return std::chrono::steady_clock::now() + 1h; }

}  // namespace

TEST_CASE("an alarm rings once, on a loop and off it") {
  int rung = 0;
  std::latch done(1);
  Loops loops(1);
  Alarm on_loop;
  boost::asio::post(loops.at(0), [&] {
    on_loop.set(loops.at(0).get_executor(), soon(), [&] {
      ++rung;
      done.count_down();
    });
  });
  done.wait();
  loops.stop();
  CHECK(rung == 1);

  boost::asio::io_context alone;
  Alarm off_loop;
  off_loop.set(alone.get_executor(), soon(), [&] { ++rung; });
  alone.run();
  CHECK(rung == 2);
}

TEST_CASE("an alarm that was cleared, replaced or destroyed does not ring") {
  boost::asio::io_context alone;
  int rung = 0;
  Alarm cleared;
  cleared.set(alone.get_executor(), soon(), [&] { rung += 1; });
  cleared.clear();
  Alarm replaced;
  replaced.set(alone.get_executor(), soon(), [&] { rung += 10; });
  replaced.set(alone.get_executor(), soon(), [&] { rung += 100; });
  {
    Alarm destroyed;
    destroyed.set(alone.get_executor(), soon(), [&] { rung += 1000; });
  }
  alone.run();
  CHECK(rung == 100);
}

TEST_CASE("an alarm may be destroyed by what it rings") {
  boost::asio::io_context alone;
  auto alarm = std::make_unique<Alarm>();
  alarm->set(alone.get_executor(), soon(), [&] { alarm.reset(); });
  alone.run();
  CHECK(alarm == nullptr);
}

TEST_CASE("an alarm far ahead does not keep a loop that is done") {
  Alarm alarm;
  run_blocking([](Alarm& far) -> Task<void> {
    far.set(co_await boost::asio::this_coro::executor, late(), [] {});
    far.clear();
  }(alarm));
}
