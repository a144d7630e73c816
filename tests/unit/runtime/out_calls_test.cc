// SPDX-License-Identifier: Apache-2.0
// Calls of this process's own code: what it gets back, and what ends them.
#include "core/runtime/out_calls.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

using namespace aw;
using namespace aw::runtime;
using namespace std::chrono_literals;

namespace {

// Gates that do what the path says.
struct House {
  std::atomic<int> waiting{0};
  std::atomic<int> ended{0};
  std::atomic<int> given_up{0};
  io::Loops loops{2};
  OutCalls calls{[this](auto& request, auto& writer, auto const& from) {
                   return serve(request, writer, from);
                 },
                 loops};

  io::Task<void> serve(http::Request& request, http::ResponseWriter& writer, std::string from) {
    struct Ended {
      House& house;
      http::ResponseWriter const& writer;
      ~Ended() {
        if (writer.peer_gone()) ++house.given_up;
        ++house.ended;
      }
    } const counted{*this, writer};
    writer.add_header("x-from", from);
    auto const path = request.path;
    if (path == "/whole") co_return co_await writer.respond({.status = 403, .body = "no"});
    if (path == "/nothing") co_return;
    if (path == "/thrown") throw std::runtime_error("a bug");
    if (path == "/for-ever") {
      ++waiting;
      co_return co_await io::sleep_until(steady_now() + 1h);
    }
    auto written = co_await writer.start(200, {{"content-type", "text/event-stream"}});
    CHECK(written.ok());
    written = co_await writer.write("begun ");
    if (path == "/broken") co_return;
    if (path == "/huge") {
      std::string const block(1 << 20, 'x');
      for (int i = 0; i < 65 && written.ok(); ++i) written = co_await writer.write(block);
      CHECK(written.error().code == Code::too_large);
      co_return;
    }
    written = co_await writer.write("and done");
    written = co_await writer.finish({{"x-trailer", "1"}});
  }
  Result<http::Response> call(std::string const& path, std::chrono::nanoseconds patience = 30s) {
    http::Request request;
    request.set_target(path);
    return calls.call(std::move(request), patience);
  }
  void wait_for_one_waiting() const {
    while (waiting == 0) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE("a call gets the whole answer, a refusal and a stream too") {
  House house;
  auto const refused = house.call("/whole");
  REQUIRE(refused.ok());
  CHECK(refused->status == 403);
  CHECK(refused->body == "no");
  CHECK(refused->headers.get("x-from") == "in-process");
  auto const streamed = house.call("/streamed");
  REQUIRE(streamed.ok());
  CHECK(streamed->body == "begun and done");
  CHECK(streamed->headers.get("content-type") == "text/event-stream");
  CHECK(streamed->headers.get("x-from") == "in-process");
  CHECK(streamed->trailers.get("x-trailer") == "1");
}

TEST_CASE("half an answer, none, and one that is too large are told apart") {
  House house;
  CHECK(house.call("/broken").error().code == Code::protocol);
  CHECK(house.call("/nothing").error().code == Code::internal);
  CHECK(house.call("/thrown").error().code == Code::internal);
  CHECK(house.call("/huge").error().code == Code::too_large);
  CHECK(house.call("/whole").ok());
}

TEST_CASE("a call that takes too long is cancelled before its caller hears so") {
  House house;
  CHECK(house.call("/for-ever", 20ms).error().code == Code::timeout);
  CHECK(house.ended == 1);
  CHECK(house.given_up == 1);  // as for a caller that closed its connection
}

TEST_CASE("a stop ends what runs, once it has ended, and lets nothing new begin") {
  House house;
  auto running = std::async(std::launch::async, [&house] { return house.call("/for-ever"); });
  house.wait_for_one_waiting();
  house.calls.stop();
  CHECK(house.ended == 1);
  CHECK(running.get().error().code == Code::draining);
  CHECK(house.call("/whole").error().code == Code::draining);
  house.calls.stop();
}
