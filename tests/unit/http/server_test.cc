// SPDX-License-Identifier: Apache-2.0
// Requests and their answers on one connection: order, bodies, refusals, timeouts, streams.
#include "core/http/server.h"

#include <doctest/doctest.h>

#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <stdexcept>

#include "core/io/task.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

namespace {

Limits quick() {
  Limits limits;
  limits.handshake_timeout = limits.head_timeout = limits.body_timeout = 60ms;
  limits.idle_timeout = limits.write_timeout = limits.request_timeout = 60ms;
  return limits;
}

}  // namespace

TEST_CASE("requests sent ahead are answered in order") {
  Site site(Wired::plain);
  Raw raw(site.server().port());
  raw.send(
      "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nPOST /2 HTTP/1.1\r\nhost: a\r\n"
      "content-length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  auto const all = raw.read_all();
  CHECK(raw.ended());
  auto const first = all.find("GET /1");
  auto const second = all.find("POST /2 hi");
  auto const third = all.find("GET /3");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third != std::string::npos);
  CHECK(site.server().stats().accepted == 1);
}

TEST_CASE("a handler learns whether it was asked for a path or, as a proxy is, for the whole") {
  Site site(Wired::plain, [](Request& request, ResponseWriter& writer) -> io::Task<void> {
    co_await writer.respond(text_response(
        request.path + (request.form == TargetForm::absolute ? " whole\n" : " path\n")));
  });
  Raw raw(site.server().port());
  raw.send(
      "GET http://a/1 HTTP/1.1\r\nhost: a\r\n\r\n"
      "GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  auto const all = raw.read_all();
  CHECK(all.find("/1 whole\n") != std::string::npos);
  CHECK(all.ends_with("/2 path\n"));
  // HTTP/2 has no other than the whole, and its streams' memory serves again.
  Caller caller;
  for (int i = 0; i < 2; ++i) {
    Request request;
    request.set_target("/3");
    auto const answer = caller.send(site.endpoint(), request, {.protocol = Protocol::http2});
    REQUIRE(answer.ok());
    CHECK(answer->body == "/3 whole\n");
  }
}

TEST_CASE("a body may come in chunks, and a request byte by byte") {
  Site site(Wired::plain);
  Raw raw(site.server().port());
  for (char const c :
       std::string_view("POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
                        "connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    raw.send({&c, 1});
  }
  CHECK(raw.read_all().ends_with("POST /c abc"));
}

TEST_CASE("what is refused is answered once, with the connection's end") {
  Limits limits;
  limits.max_body_bytes = 10;
  limits.max_head_bytes = 2000;
  Site site(Wired::plain, echo, limits);
  struct Row {
    std::string in;
    std::string_view status;
  };
  for (auto const& [in, status] : std::vector<Row>{
           {"GET / HTTP/1.1\r\n\r\n", "400 "},
           {"GET / HTTP/2.0\r\nhost: a\r\n\r\n", "505 "},
           {"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhello world", "413 "},
           {"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nb\r\nhello", "413 "},
           {"GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(3000, 'x') + "\r\n\r\n", "431 "},
           {"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"
            "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n",
            "400 "},
       }) {
    CAPTURE(in);
    Raw raw(site.server().port());
    raw.send(in);
    auto const all = raw.read_all();
    CHECK(all.starts_with("HTTP/1.1 " + std::string(status)));
    CHECK(all.find("connection: close\r\n") != std::string::npos);
    CHECK(all.find("HTTP/1.1", 5) == std::string::npos);
    CHECK(raw.ended());
  }
  CHECK(site.server().stats().requests == 0);
}

TEST_CASE("a session hears once of what is refused on its connection, and words the answer") {
  Limits limits = quick();
  limits.max_body_bytes = 10;
  limits.max_head_bytes = 2000;
  Site site(Wired::plain, echo, limits);
  std::mutex mutex;
  std::vector<std::string> heard;
  site.refuser = [&](EarlyRefusal const& refusal) -> std::optional<Response> {
    std::lock_guard const lock(mutex);
    heard.push_back(std::to_string(refusal.status) + " " + std::string(code_name(refusal.code)) +
                    " " + std::string(refusal.what) +
                    (refusal.head ? ": " + refusal.head->method + " " + refusal.head->target : ""));
    return text_response("the session's words", 200);
  };
  struct Row {
    std::string in;
    std::string_view heard;
  };
  std::string const post = "POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: ";
  for (auto const& [in, expected] : std::vector<Row>{
           {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", "400 AW4001 no host"},
           {post + "11\r\n\r\nhello world", "413 AW4007 body too large: POST /p"},
           {"GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(3000, 'x') + "\r\n\r\n",
            "431 AW4007 head too large"},
           {"GET / HTTP/1.1\r\nho", "408 AW4008 head too slow"},
           {post + "9\r\n\r\nhel", "408 AW4008 body too slow: POST /p"},
       }) {
    CAPTURE(in);
    Raw raw(site.server().port());
    raw.send(in);
    auto const all = raw.read_all();
    CHECK(all.starts_with("HTTP/1.1 " + std::string(expected.substr(0, 4))));
    CHECK(all.ends_with("the session's words"));
    CHECK(raw.ended());
    std::lock_guard const lock(mutex);
    CHECK(std::exchange(heard, {}) == std::vector{std::string(expected)});
  }
}

TEST_CASE("a session that throws instead of wording a refusal leaves its status, and the clock") {
  Limits limits = quick();
  limits.max_body_bytes = 10;
  Site site(Wired::plain, echo, limits);
  site.refuser = [](EarlyRefusal const&) -> std::optional<Response> {
    throw std::runtime_error("no words");
  };
  // From the reader, and from the wheel of deadlines: twice, as it goes on turning.
  for (auto const& [in, status] : std::vector<std::pair<std::string, std::string>>{
           {"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n", "413"},
           {"GET / HTTP/1.1\r\nho", "408"},
           {"GET / HTTP/1.1\r\nhost", "408"}}) {
    CAPTURE(in);
    Raw raw(site.server().port());
    raw.send(in);
    CHECK(raw.read_all().starts_with("HTTP/1.1 " + status));
    CHECK(raw.ended());
  }
}

TEST_CASE("HEAD has the head of GET and no body") {
  Site site(Wired::plain);
  Raw raw(site.server().port());
  raw.send("HEAD /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  auto const all = raw.read_all();
  CHECK(all.find("content-length: 8\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("a client that waits for permission gets it") {
  Site site(Wired::plain);
  Raw raw(site.server().port());
  raw.send("POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n");
  CHECK(raw.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  raw.send("hi");
  CHECK(raw.read_until("hi").ends_with("POST /x hi"));
}

TEST_CASE("slow clients lose their connection: in the head, in the body, idle, in the handshake") {
  Site site(Wired::plain, echo, quick());
  Raw head(site.server().port());
  head.send("GET / HTTP/1.1\r\nho");
  CHECK(head.read_all().starts_with("HTTP/1.1 408 "));
  CHECK(head.ended());
  Raw body(site.server().port());
  body.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhel");
  CHECK(body.read_all().starts_with("HTTP/1.1 408 "));
  CHECK(body.ended());
  Raw idle(site.server().port());
  idle.send(kGet);
  CHECK(idle.read_all().starts_with("HTTP/1.1 200 "));
  CHECK(idle.ended());
  Raw silent(site.server().port());
  CHECK(silent.read_all().empty());
  CHECK(silent.ended());
  Site secure(Wired::tls, echo, quick());
  Raw handshake(secure.server().port());
  handshake.send("\x16\x03\x01");
  handshake.read_all();
  CHECK(handshake.ended());
  CHECK(eventually([&] { return !secure.rejected().empty(); }));
  CHECK(secure.rejected().at(0).code == Code::handshake_failed);
}

TEST_CASE("a handler that takes too long is cancelled and answered for") {
  std::atomic<bool> cancelled = false;
  Site site(
      Wired::plain,
      [&](Request&, ResponseWriter&) -> io::Task<void> {
        struct Mark {
          std::atomic<bool>& flag;
          ~Mark() { flag = true; }
        } const mark{cancelled};
        for (;;) co_await io::sleep_until(std::chrono::steady_clock::now() + 1h);
      },
      quick());
  Raw raw(site.server().port());
  raw.send(kGet);
  CHECK(raw.read_all().starts_with("HTTP/1.1 504 "));
  CHECK(eventually([&] { return cancelled.load(); }));
}

TEST_CASE("a handler without an answer, or with an exception, answers 500") {
  Site site(Wired::plain, [](Request& request, ResponseWriter&) -> io::Task<void> {
    if (request.path == "/throw") throw std::runtime_error("x");
    co_return;
  });
  for (std::string_view const path : {"/nothing", "/throw"}) {
    Raw raw(site.server().port());
    raw.send("GET " + std::string(path) + " HTTP/1.1\r\nhost: a\r\n\r\n");
    CHECK(raw.read_all().starts_with("HTTP/1.1 500 "));
  }
}

TEST_CASE("whoever words the answer of a handler that gave none knows what it had added") {
  Site site(
      Wired::plain,
      [](Request& request, ResponseWriter& writer) -> io::Task<void> {
        writer.add_header("x-id", "of " + request.path);
        if (request.path == "/late") co_await io::sleep_until(SteadyTime::max());
        if (request.path == "/taken-back") co_await writer.respond({.status = 200});
        if (request.path != "/nothing") throw std::runtime_error("x");
      },
      quick(), WallTime::max(),
      [](Unanswered const& what) {
        return text_response(std::string(what.added.get("x-id").value_or("nobody's")));
      });
  for (auto const& [path, status] : std::vector<std::pair<std::string, int>>{
           {"/late", 504}, {"/nothing", 500}, {"/throws", 500}, {"/taken-back", 500}}) {
    for (auto const protocol : {Protocol::http1, Protocol::http2}) {
      // There an answer is on its way as soon as it is given.
      if (path == "/taken-back" && protocol == Protocol::http2) continue;
      CAPTURE(path);
      Caller caller;
      Request request;
      request.set_target(path);
      auto const answer = caller.send(site.endpoint(), request, {.protocol = protocol});
      REQUIRE(answer.ok());
      CHECK(answer->status == status);
      CHECK(answer->headers.get("x-id") == "of " + path);
      CHECK(answer->body == "of " + path);
    }
  }
}

TEST_CASE("a stream leaves piece by piece and ends with its last chunk, or visibly without") {
  Site site(Wired::plain, [](Request& request, ResponseWriter& writer) -> io::Task<void> {
    if (!(co_await writer.start(200, {{"content-type", "text/event-stream"}})).ok()) co_return;
    if (!(co_await writer.write("data: 1\n\n")).ok()) co_return;
    if (request.path == "/cut") co_return;
    if (!(co_await writer.finish({{"x-end", "1"}})).ok()) co_return;
  });
  Raw whole(site.server().port());
  whole.send("GET /whole HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(whole.read_until("0\r\n").ends_with("9\r\ndata: 1\n\n\r\n0\r\n"));
  CHECK(whole.read_until("\r\n\r\n") == "x-end: 1\r\n\r\n");
  whole.send("GET /cut HTTP/1.1\r\nhost: a\r\n\r\n");
  CHECK(whole.read_all().ends_with("data: 1\n\n\r\n"));
  CHECK(whole.ended());
}

TEST_CASE("a peer that leaves is noticed while nothing is written") {
  std::atomic<int> gone = 0;
  Handler const handler = [&](Request&, ResponseWriter& writer) -> io::Task<void> {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    std::chrono::steady_clock::now() + 1h);
    if (!(co_await writer.start(200, {})).ok()) co_return;
    if (!(co_await writer.write("x")).ok()) co_return;
    writer.on_peer_gone([&timer] { timer.cancel(); });
    co_await timer.async_wait(io::kNoThrow);
    if (writer.peer_gone()) ++gone;
  };
  Site plain(Wired::plain, handler);
  Raw raw(plain.server().port());
  raw.send(kGet);
  raw.read_until("x\r\n");
  raw.close();
  CHECK(eventually([&] { return gone == 1; }));

  Site secure(Wired::tls, handler);
  auto const security = secure.as("spiffe://example.org/caller");
  Caller caller;
  CHECK_FALSE(
      caller
          .send(secure.endpoint(), post("/", ""),
                {.deadline = std::chrono::steady_clock::now() + 100ms, .security = &security})
          .ok());
  CHECK(eventually([&] { return gone == 2; }));
}
