// SPDX-License-Identifier: Apache-2.0
// Whoever has the first word on a terminal, has it.
#include "commands/support/held_stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

using namespace aw;            // NOLINT(google-build-using-namespace): test
using namespace aw::commands;  // NOLINT(google-build-using-namespace): test

namespace {

// A descriptor that somebody writes to, and what came out of it so far.
struct Stream {
  Fd out;
  Fd in;

  Stream() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    out = Fd(ends[0]);
    in = Fd(ends[1]);
  }
  void say(std::string_view words) const {
    REQUIRE(::write(in.get(), words.data(), words.size()) == static_cast<ssize_t>(words.size()));
  }
  [[nodiscard]] std::string heard() const {
    std::array<char, 256> bytes{};
    auto const got = ::read(out.get(), bytes.data(), bytes.size());
    return {bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  }
};

}  // namespace

TEST_CASE("what is said while a stream is held comes out afterwards, in its order") {
  Stream const stream;
  stream.say("before ");
  HeldStream held(stream.in.get());
  stream.say("one ");
  stream.say("two");
  CHECK(stream.heard() == "before ");
  held.release();
  CHECK(stream.heard() == "one two");
  stream.say("after");
  held.release();
  CHECK(stream.heard() == "after");
}

TEST_CASE("a start that fails still says why") {
  Stream const stream;
  {
    HeldStream const held(stream.in.get());
    stream.say("no such port");
  }
  CHECK(stream.heard() == "no such port");
}

TEST_CASE("a reader that is slow gets all of it, though the stream does not block") {
  Stream const stream;
  std::string const much(300'000, 'x');  // several times what a pipe takes at once
  std::string heard;
  HeldStream held(stream.in.get());
  for (std::size_t at = 0; at < much.size(); at += 30'000) stream.say(much.substr(at, 30'000));
  {
    std::jthread const reader([&] {
      auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (heard.size() < much.size() && std::chrono::steady_clock::now() < until)
        heard += stream.heard();
    });
    held.release();
  }
  CHECK(heard == much);
}
