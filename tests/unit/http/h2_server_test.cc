// SPDX-License-Identifier: Apache-2.0
// Clients that stall, reset and hold back, against the whole server.
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/unit/http/h2_frames.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

TEST_CASE("the server answers h2 heads it refuses with their status") {
  Limits limits;
  limits.max_body_bytes = 10;
  limits.max_head_bytes = 8'000;
  Site site(Wired::plain, echo, limits);
  Raw raw(site.server().port());
  raw.send(hello() + frame(headers, kEndHeaders | kEndStream, 1,
                           get() + field("x", std::string(9'000, 'y'))));
  // RFC 7541: 431 has no static entry, so it appears as digits.
  CHECK(raw.read_until("431").ends_with("431"));
  Caller caller;
  auto const large =
      caller.send(site.endpoint(), post("/", std::string(11, 'x')), {.protocol = Protocol::http2});
  REQUIRE(large.ok());
  CHECK(large->status == 413);
}

TEST_CASE("who is refused again and again on one h2 connection has to make another") {
  Limits limits;
  limits.max_body_bytes = 10;
  Site site(Wired::plain, echo, limits);
  std::atomic<unsigned> heard = 0;
  std::atomic<unsigned> with_head = 0;
  site.refuser = [&](EarlyRefusal const& refusal) -> std::optional<Response> {
    ++heard;
    if (refusal.head != nullptr && refusal.head->path == "/x") ++with_head;
    return std::nullopt;
  };
  Raw raw(site.server().port());
  raw.send(hello());
  auto const large = [](std::uint32_t id) {
    return frame(headers, kEndHeaders, id, get() + field("content-length", "11"));
  };
  std::uint32_t id = 1;
  for (; id < 2 * kMostRefusals - 1; id += 2) raw.send(large(id));
  CHECK(eventually([&] { return heard == kMostRefusals - 1; }));
  // A good request among them is served.
  raw.send(frame(headers, kEndHeaders | kEndStream, id, get()));
  CHECK(raw.read_until("GET /x ").ends_with("GET /x "));
  for (int i = 0; i < 50; ++i) raw.send(large(id += 2));
  raw.read_all();
  CHECK(raw.ended());
  CHECK(heard == kMostRefusals);
  CHECK(with_head == kMostRefusals);
}

TEST_CASE("what the codec resets, or ends the connection for, is told though nothing answers it") {
  Site site(Wired::plain, echo);
  std::mutex mutex;
  std::vector<std::string> heard;
  site.refuser = [&](EarlyRefusal const& refusal) -> std::optional<Response> {
    std::lock_guard const lock(mutex);
    heard.push_back(std::to_string(refusal.status) + " " +
                    (refusal.head != nullptr ? refusal.head->path : "") + " " +
                    std::string(refusal.what));
    return std::nullopt;
  };
  auto const said = [&] {
    std::lock_guard const lock(mutex);
    return heard;
  };
  std::string endless;
  for (int i = 0; i < 12; ++i) endless += field("x", std::string(2'000, 'y'));
  auto const pieces = [&endless] {
    std::string const whole = get() + endless;
    std::string out = frame(headers, kEndStream, 1, whole.substr(0, 16'000));
    std::size_t at = 16'000;
    for (; whole.size() - at > 16'000; at += 16'000)
      out += frame(continuation, 0, 1, whole.substr(at, 16'000));
    return out + frame(continuation, kEndHeaders, 1, whole.substr(at));
  };
  auto const good = frame(headers, kEndHeaders | kEndStream, 3, get("/good"));
  struct Row {
    std::string sent;
    std::string told;
    bool goes_on;
  };
  std::string flood;
  for (int i = 0; i < 2'000; ++i) flood += frame(ping, 0, 0, "12345678");
  for (auto const& row : {
           Row{frame(headers, kEndHeaders | kEndStream, 1, get() + field("X-Upper", "a")),
               "400  HTTP/2: protocol error", true},
           Row{frame(headers, kEndHeaders | kEndStream, 1, get() + field("x", "a\r\nb: c")),
               "400  HTTP/2: protocol error", true},
           Row{frame(headers, kEndHeaders, 1, get() + field("content-length", "5")) +
                   frame(data, kEndStream, 1, "1234"),
               "400 /x HTTP/2: protocol error", true},
           Row{frame(data, 0, 0, "x"), "400  HTTP/2: protocol error", false},
           Row{frame(ping, 0, 0, "1"), "400  HTTP/2: a frame of the wrong size", false},
           Row{frame(headers, kEndHeaders | kEndStream, 1, "\xff\xff\x7f"),
               "400  HTTP/2: a header block that cannot be read", false},
           Row{flood, "429  HTTP/2: a flood of frames", false},
       }) {
    CAPTURE(row.told);
    auto const before = said().size();
    Raw raw(site.server().port());
    raw.send(hello() + row.sent + (row.goes_on ? good : std::string()));
    if (row.goes_on) CHECK(raw.read_until("GET /good ").ends_with("GET /good "));
    CHECK(eventually([&] { return said().size() > before; }));
    if (!row.goes_on) raw.read_all();
    auto const now = said();
    REQUIRE(now.size() == before + 1);
    CHECK(now.back() == row.told);
  }
  Limits small;
  small.max_head_bytes = 2'000;
  auto const before = said().size();
  Site narrow(Wired::plain, echo, small);
  narrow.refuser = site.refuser;
  Raw raw(narrow.server().port());
  raw.send(hello() + pieces());
  CHECK(eventually([&] { return said().size() > before; }));
  CHECK(said().back().starts_with("431  HTTP/2: head without end"));
}

TEST_CASE("a head that stops half way has its own deadline, however long the connection rested") {
  Limits limits;
  limits.head_timeout = 400ms;
  limits.write_timeout = 50ms;
  Site site(Wired::plain, echo, limits);
  std::atomic<int> late = 0;
  site.refuser = [&](EarlyRefusal const& refusal) -> std::optional<Response> {
    if (refusal.status == 408) ++late;
    return std::nullopt;
  };
  Raw raw(site.server().port());
  raw.send(hello() + frame(headers, kEndHeaders | kEndStream, 1, get("/first")));
  CHECK(raw.read_until("GET /first ").ends_with("GET /first "));
  auto const whole = frame(headers, kEndHeaders | kEndStream, 3, get("/second"));
  std::this_thread::sleep_for(150ms);
  raw.send(whole.substr(0, 20));
  std::this_thread::sleep_for(150ms);
  raw.send(whole.substr(20));
  CHECK(raw.read_until("GET /second ").ends_with("GET /second "));
  raw.send(frame(headers, kEndHeaders | kEndStream, 5, get("/third")).substr(0, 20));
  raw.read_all();
  CHECK(raw.ended());
  CHECK(late == 1);
}

TEST_CASE("a session that throws instead of wording a refusal throws through no h2 callback") {
  Limits limits;
  limits.max_body_bytes = 10;
  Site site(Wired::plain, echo, limits);
  site.refuser = [](EarlyRefusal const&) -> std::optional<Response> {
    throw std::runtime_error("no words");
  };
  Raw raw(site.server().port());
  raw.send(hello() + frame(headers, kEndHeaders, 1, get() + field("content-length", "11")));
  CHECK(raw.read_until("413").ends_with("413"));
  raw.send(frame(headers, kEndHeaders | kEndStream, 3, get()));
  CHECK(raw.read_until("GET /x ").ends_with("GET /x "));
}

TEST_CASE("an answer nobody lets out does not stay") {
  Limits limits;
  limits.write_timeout = 80ms;
  Site site(
      Wired::plain,
      [](Request&, ResponseWriter& writer) -> io::Task<void> {
        co_await writer.respond(text_response(std::string(100'000, 'x')));
      },
      limits);
  Raw raw(site.server().port());
  // SETTINGS_INITIAL_WINDOW_SIZE = 0
  raw.send(std::string(kPreface) + frame(settings, 0, 0, std::string("\0\4\0\0\0\0", 6)) +
           frame(headers, kEndHeaders | kEndStream, 1, get()));
  raw.read_all();
  CHECK(raw.ended());
}

TEST_CASE("a stream whose reader stalls gives the writer a timeout") {
  std::atomic<bool> stalled = false;
  Limits limits;
  limits.write_timeout = 80ms;
  Site site(
      Wired::plain,
      [&](Request&, ResponseWriter& writer) -> io::Task<void> {
        if (!(co_await writer.start(200, {})).ok()) co_return;
        for (;;) {
          auto const written = co_await writer.write(std::string(50'000, 'x'));
          if (written.ok()) continue;
          stalled = written.error().code == Code::timeout;
          co_return;
        }
      },
      limits);
  Raw raw(site.server().port());
  raw.send(hello() + frame(headers, kEndHeaders | kEndStream, 1, get()));
  CHECK(eventually([&] { return stalled.load(); }));
}

TEST_CASE("a reset tells the handler, and handlers of reset streams stay bounded") {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<int> told = 0;
  Limits limits;
  limits.max_streams_per_connection = 5;
  std::atomic<bool> go = false;
  Site site(
      Wired::plain,
      [&](Request&, ResponseWriter& writer) -> io::Task<void> {
        most = std::max(most.load(), ++running);
        writer.on_peer_gone([&told] { ++told; });
        while (!go) co_await io::sleep_until(std::chrono::steady_clock::now() + 1ms);
        --running;
      },
      limits);
  Raw raw(site.server().port());
  std::string all = hello();
  raw.send(all);
  for (std::uint32_t id = 1; id < 41; id += 2) {
    raw.send(frame(headers, kEndHeaders | kEndStream, id, get()));
    if (id < 11) CHECK(eventually([&] { return running.load() == static_cast<int>(id + 1) / 2; }));
    raw.send(frame(reset, 0, id, std::string("\0\0\0\x8", 4)));
  }
  CHECK(eventually([&] { return told == 5; }));
  CHECK(most == 5);
  go = true;
  CHECK(eventually([&] { return running == 0; }));
}

TEST_CASE("a stream whose answer is out makes room, before its handler has ended, for one more") {
  std::atomic<int> begun = 0;
  std::atomic<int> running = 0;
  std::atomic<bool> go = false;
  Limits limits;
  limits.max_streams_per_connection = 2;
  Site site(
      Wired::plain,
      [&](Request&, ResponseWriter& writer) -> io::Task<void> {
        ++begun;
        ++running;
        co_await writer.respond(text_response("done"));
        while (!go) co_await io::sleep_until(std::chrono::steady_clock::now() + 1ms);
        --running;
      },
      limits);
  Raw raw(site.server().port());
  raw.send(hello());
  std::uint32_t id = 1;
  for (; id < 9; id += 2) {  // a client that keeps to the two it may have open: none of its four
    raw.send(frame(headers, kEndHeaders | kEndStream, id, get()));
    CHECK(raw.read_until("done").ends_with("done"));
  }
  CHECK(begun == 4);
  // Twice as many handlers as streams is where patience ends.
  raw.send(frame(headers, kEndHeaders | kEndStream, id, get()));
  auto const refused = frame(reset, 0, id, std::string("\0\0\0\7", 4));
  CHECK(raw.read_until(refused).ends_with(refused));
  CHECK(begun == 4);
  go = true;
  CHECK(eventually([&] { return running == 0; }));
}
