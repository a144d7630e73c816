// SPDX-License-Identifier: Apache-2.0
// How connections end: draining, stopping, an identity that is over, a session that no longer fits.
#include <doctest/doctest.h>

#include <latch>
#include <list>

#include "core/http/server.h"
#include "core/io/task.h"
#include "tests/unit/http/h2_frames.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

TEST_CASE("draining lets what is under way finish and closes the idle") {
  for (auto const wired : {Wired::plain, Wired::tls}) {
    std::latch arrived(1);
    std::atomic<bool> go = false;
    Site site(wired, [&](Request& request, ResponseWriter& writer) -> io::Task<void> {
      if (request.path == "/slow") {
        arrived.count_down();
        while (!go) co_await io::sleep_until(std::chrono::steady_clock::now() + 1ms);
      }
      co_await writer.respond(text_response("done"));
    });
    Security const security = site.as("spiffe://example.org/caller");
    std::jthread const slow([&] {
      Caller caller;
      auto const answer = caller.send(site.endpoint(), post("/slow", ""), {.security = &security});
      CHECK(answer.ok());
      if (answer.ok()) CHECK(answer->body == "done");
    });
    Raw idle(site.server().port());
    arrived.wait();
    site.server().drain();
    idle.read_all();
    CHECK(idle.ended());
    CHECK(eventually([&] { return !Raw(site.server().port()).connected(); }));
    CHECK_FALSE(site.server().wait_closed(1ms));
    go = true;
    CHECK(site.server().wait_closed(5s));
  }
}

TEST_CASE("before draining every answer is its connection's last, and nobody is turned away") {
  Site site(Wired::plain, [](Request&, ResponseWriter& writer) -> io::Task<void> {
    co_await writer.respond(text_response("done"));
  });
  Raw held(site.server().port());
  held.send(kGet);
  CHECK_FALSE(held.read_until("done").contains("connection: close"));
  site.server().farewell();
  // The connection that is idle is not cut: its next request is answered, and is the last.
  held.send(kGet);
  CHECK(held.read_until("done").contains("connection: close"));
  held.read_all();
  CHECK(held.ended());
  Raw late(site.server().port());
  late.send(kGet);
  CHECK(late.read_until("done").contains("connection: close"));
}

TEST_CASE("stopping cuts off whatever waits") {
  Site site(Wired::plain, [](Request&, ResponseWriter& writer) -> io::Task<void> {
    if (!(co_await writer.start(200, {})).ok()) co_return;
    for (;;) co_await io::sleep_until(std::chrono::steady_clock::now() + 1h);
  });
  Raw raw(site.server().port());
  raw.send(kGet);
  raw.read_until("\r\n\r\n");
  site.server().stop();
  CHECK(site.server().stats().connections == 0);
  raw.read_all();
  CHECK(raw.ended());
}

TEST_CASE("a connection ends with its peer's identity, also in the middle of a stream") {
  Handler const stream = [](Request&, ResponseWriter& writer) -> io::Task<void> {
    if (!(co_await writer.start(200, {})).ok()) co_return;
    for (;;) co_await io::sleep_until(std::chrono::steady_clock::now() + 1h);
  };
  Site site(Wired::plain, stream, {}, fixtures::wall_now() + 150ms);
  Raw raw(site.server().port());
  raw.send(kGet);
  raw.read_all();
  CHECK(raw.ended());
  CHECK(eventually([&] { return site.server().stats().connections == 0; }));
}

TEST_CASE("connections whose session no longer fits are closed at once") {
  Site site(Wired::plain);
  Raw raw(site.server().port());
  raw.send(kGet);
  raw.read_until("GET /x ");
  site.server().close_if([](Session&) { return false; });
  raw.send(kGet);
  CHECK(raw.read_until("GET /x ").starts_with("HTTP/1.1 200"));
  site.server().close_if([](Session&) { return true; });
  raw.read_all();
  CHECK(raw.ended());
}

TEST_CASE("a retired connection finishes its request and says that it was the last") {
  std::latch asked(1);
  std::latch answer(1);
  Handler const slow = [&](Request& request, ResponseWriter& writer) -> io::Task<void> {
    if (request.path == "/slow") {
      asked.count_down();
      while (!answer.try_wait()) co_await io::sleep_until(std::chrono::steady_clock::now() + 1ms);
    }
    co_await writer.respond(text_response("done"));
  };
  Site site(Wired::plain, slow);
  Raw idle(site.server().port());
  idle.send(kGet);
  idle.read_until("done");
  Raw busy(site.server().port());
  busy.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n");
  asked.wait();
  site.server().retire_if([](Session&) { return true; });
  idle.read_all();  // nothing ran on it: it ends at once
  CHECK(idle.ended());
  answer.count_down();
  auto const last = busy.read_all();
  CHECK(last.find("connection: close") != std::string::npos);
  CHECK(last.ends_with("done"));
  CHECK(busy.ended());
}

TEST_CASE("a retired connection that does not finish is cut") {
  Handler const never = [](Request&, ResponseWriter& writer) -> io::Task<void> {
    if (!(co_await writer.start(200, {})).ok()) co_return;
    for (;;) co_await io::sleep_until(std::chrono::steady_clock::now() + 1h);
  };
  Site site(Wired::plain, never);
  Raw raw(site.server().port());
  raw.send(kGet);
  raw.read_until("200 OK");
  site.server().retire_if([](Session&) { return true; });
  raw.read_all();
  CHECK(raw.ended());
}

TEST_CASE("bodies that are half here have one limit for all connections, and whole ones pass") {
  Limits limits;
  limits.max_body_bytes = 40'000;
  Site site(Wired::plain, echo, limits);
  auto const half =
      "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 40000\r\n\r\n" + std::string(39'000, 'x');
  auto const half_h2 = half_post();
  std::list<Raw> held;
  // 64 of the largest fit: these, and one more.
  for (int i = 0; i < 32; ++i) {
    held.emplace_back(site.server().port()).send(half);
    held.emplace_back(site.server().port()).send(half_h2);
  }
  CHECK(eventually([&] {
    held.emplace_back(site.server().port()).send(half);
    return site.server().stats().rejected > 0;
  }));
  CHECK(eventually([&] {
    auto& more = held.emplace_back(site.server().port());
    more.send(half_h2);
    return more.read_until("503").ends_with("503");
  }));
  Raw whole(site.server().port());
  whole.send("POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx");
  CHECK(whole.read_until("200 OK").ends_with("200 OK"));
  held.clear();
  CHECK(eventually([&] {
    Raw again(site.server().port());
    again.send(half + std::string(1'000, 'x'));
    return again.read_until("\r\n").contains("200 OK");
  }));
}
