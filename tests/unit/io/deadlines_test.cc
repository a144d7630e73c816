// SPDX-License-Identifier: Apache-2.0
#include "core/io/deadlines.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <vector>

using namespace aw;
using namespace aw::io;
using namespace std::chrono_literals;

namespace {

struct Due : Deadlines::Entry {
  void expired(SteadyTime) override { ++times; }
  int times = 0;
};

// As a connection does: what it hangs on goes when it goes.
struct Keeper : Deadlines::Entry {
  explicit Keeper(std::shared_ptr<Deadlines> its_wheel) : wheel(std::move(its_wheel)) {}
  ~Keeper() override { unlink(); }
  void expired(SteadyTime) override {}
  std::shared_ptr<Deadlines> wheel;
};

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

TEST_CASE("a deadline that passes is told once, and one moved back is not told early") {
  boost::asio::io_context loop;
  Deadlines wheel(loop);
  Due soon;
  Due moved;
  Due later;
  wheel.set(soon, now(), now() + 1ms);
  wheel.set(moved, now(), now() + 1ms);
  wheel.set(moved, now(), now() + 1h);
  wheel.set(later, now(), now() + 1h);
  while (soon.times == 0) loop.run_one();
  CHECK(soon.times == 1);
  CHECK(moved.times == 0);
  CHECK(later.times == 0);
}

TEST_CASE("a stopped wheel tells nobody, also when its timer has rung already") {
  boost::asio::io_context loop;
  Deadlines wheel(loop);
  Due due;
  wheel.set(due, now(), now());
  boost::asio::steady_timer after(loop, now() + 3 * Deadlines::kTick);  // rings behind the wheel's
  after.async_wait([](boost::system::error_code const&) {});
  wheel.stop();
  loop.run();
  CHECK(due.times == 0);
}

TEST_CASE("entries may outlive their wheel: they touch nothing of it afterwards") {
  boost::asio::io_context loop;
  alignas(Deadlines) std::array<std::byte, sizeof(Deadlines)> memory;
  auto* wheel = new (memory.data()) Deadlines(loop);
  {
    std::vector<std::unique_ptr<Due>> entries;
    for (int i = 0; i < 3; ++i) {
      entries.push_back(std::make_unique<Due>());
      wheel->set(*entries.back(), now(), now() + 1h);
    }
    wheel->~Deadlines();
    std::ranges::fill(memory, std::byte{0xA5});
  }
  CHECK(std::ranges::all_of(memory, [](std::byte b) { return b == std::byte{0xA5}; }));
}

TEST_CASE("an entry may be the last to hold its wheel") {
  boost::asio::io_context loop;
  auto wheel = std::make_shared<Deadlines>(loop);
  std::weak_ptr<Deadlines> const watched = wheel;
  {
    Keeper keeper(std::move(wheel));
    keeper.wheel->set(keeper, now(), now() + 1h);
  }
  CHECK(watched.expired());
}
