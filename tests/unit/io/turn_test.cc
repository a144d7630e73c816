// SPDX-License-Identifier: Apache-2.0
#include "core/io/turn.h"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <latch>
#include <string>

#include "core/io/loops.h"

using namespace aw;
using namespace aw::io;

namespace {

// Runs `work` on a loop and waits until it has counted `parts` down.
void on_a_loop(std::ptrdiff_t parts, std::function<void(Loops&, std::latch&)> const& work) {
  std::latch done(parts);
  Loops loops(1);
  boost::asio::post(loops.at(0), [&] { work(loops, done); });
  done.wait();
  loops.stop();
}

}  // namespace

TEST_CASE("off a loop there is no turn") { CHECK(Turn::current() == nullptr); }

TEST_CASE("what was deferred in a turn runs after everything that was ready") {
  std::string order;
  on_a_loop(1, [&](Loops& loops, std::latch& done) {
    Turn::current()->defer(Turn::Stage::record, [&] {
      order += "end ";
      done.count_down();
    });
    boost::asio::post(loops.at(0), [&] { order += "second "; });
    boost::asio::post(loops.at(0), [&] { order += "third "; });
    order += "first ";
  });
  CHECK(order == "first second third end ");
}

TEST_CASE("a stage sees what the one before it let go on, and a stage of its own waits") {
  std::string order;
  on_a_loop(2, [&](Loops&, std::latch& done) {
    auto& turn = *Turn::current();
    turn.defer(Turn::Stage::store, [&] {
      order += "store ";
      turn.defer(Turn::Stage::record, [&] {
        order += "next-record ";
        done.count_down();
      });
      done.count_down();
    });
    turn.defer(Turn::Stage::record, [&] {
      order += "record ";
      turn.defer(Turn::Stage::store, [&] { order += "same-turn "; });
      turn.defer(Turn::Stage::record, [&] { order += "later "; });
    });
  });
  CHECK(order == "record store same-turn later next-record ");
}

TEST_CASE("coroutines that wait are released together, in their order") {
  std::string order;
  on_a_loop(3, [&](Loops& loops, std::latch& done) {
    auto& waiters = Turn::current()->local<Waiters>(&order);
    auto const waits = [](Waiters& on, std::string& log, char name, std::latch& end) -> Task<void> {
      co_await on.wait();
      log += name;
      end.count_down();
    };
    for (char const name : {'a', 'b', 'c'}) {
      boost::asio::co_spawn(loops.at(0), waits(waiters, order, name, done),
                            [](std::exception_ptr) {});
    }
    Turn::current()->defer(Turn::Stage::record, [&waiters] { waiters.release(); });
  });
  CHECK(order == "abc");
}

TEST_CASE("what a loop keeps for an owner is made once") {
  bool same = false;
  bool different = false;
  on_a_loop(1, [&](Loops&, std::latch& done) {
    int owner = 0;
    int other = 0;
    auto& turn = *Turn::current();
    turn.local<int>(&owner) = 7;
    same = turn.local<int>(&owner) == 7;
    different = turn.local<int>(&other) == 0;
    done.count_down();
  });
  CHECK(same);
  CHECK(different);
}
