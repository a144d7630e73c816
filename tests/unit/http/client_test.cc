// SPDX-License-Identifier: Apache-2.0
#include "core/http/client.h"

#include <doctest/doctest.h>

#include <latch>

#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

namespace {

// A listener that answers each connection with fixed bytes after its first request, then closes.
class Canned {
 public:
  explicit Canned(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Canned() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] Endpoint endpoint() const { return {.host = "127.0.0.1", .port = port_}; }

 private:
  void serve() {
    for (auto const& answer : answers_) {
      int const peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      char bytes[4096];
      if (::recv(peer, bytes, sizeof(bytes), 0) > 0) {
        ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      ::shutdown(peer, SHUT_WR);
      while (::recv(peer, bytes, sizeof(bytes), 0) > 0) {
      }
      ::close(peer);
    }
  }

  std::vector<std::string> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

SteadyTime in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

}  // namespace

TEST_CASE("a kept connection serves the next call, for equal peers only") {
  Site site(Wired::tls);
  auto const one = site.as("spiffe://example.org/one", {"http/1.1"});
  auto const two = site.as("spiffe://example.org/two", {"http/1.1"});
  io::BlockingPool pool(1, 4);
  SystemClock const clock;
  Client client({}, pool, clock);
  auto const calls = [&]() -> io::Task<std::vector<bool>> {
    std::vector<bool> reused;
    for (auto const* security : {&one, &one, &two, &one}) {
      CallReport report;
      auto const answer = co_await client.send(site.endpoint(), post("/", "x"),
                                               {.security = security, .report = &report});
      CHECK(answer.ok());
      reused.push_back(report.reused);
    }
    client.close_idle();
    CallReport report;
    CHECK((co_await client.send(site.endpoint(), post("/", "x"),
                                {.security = &one, .report = &report}))
              .ok());
    reused.push_back(report.reused);
    co_return reused;
  };
  CHECK(io::run_blocking(calls()) == std::vector<bool>{false, true, false, true, false});
}

TEST_CASE("many calls share one HTTP/2 connection") {
  Site site(Wired::plain);
  io::BlockingPool pool(1, 4);
  SystemClock const clock;
  Client client({}, pool, clock);
  auto const calls = [&]() -> io::Task<int> {
    int fine = 0;
    for (int i = 0; i < 50; ++i) {
      auto const answer = co_await client.send(
          site.endpoint(), post("/" + std::to_string(i), std::string(70'000, 'b')),
          {.protocol = Protocol::http2});
      if (answer.ok() && answer->body.size() > 70'000) ++fine;
    }
    co_return fine;
  };
  CHECK(io::run_blocking(calls()) == 50);
  CHECK(site.server().stats().accepted == 1);
}

TEST_CASE("answers are read however they are framed") {
  Canned const server(
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n",
       "HTTP/1.1 200 OK\r\n\r\nuntil the end",
       "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"});
  Caller caller;
  auto const chunked = caller.send(server.endpoint(), post("/", ""));
  REQUIRE(chunked.ok());
  CHECK(chunked->body == "abc");
  CHECK(chunked->trailers.get("x-t") == "1");
  CHECK(caller.send(server.endpoint(), post("/", ""))->body == "until the end");
  auto const none = caller.send(server.endpoint(), post("/", ""));
  CHECK(none->status == 204);
  CHECK_FALSE(none->headers.has("link"));
}

TEST_CASE("bad answers are errors with their code") {
  Canned const server({"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", "",
                       "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
                       "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + std::string(100, 'x')});
  Caller caller;
  for (auto const code : {Code::protocol, Code::io, Code::io, Code::protocol, Code::too_large}) {
    auto const answer = caller.send(server.endpoint(), post("/", ""), {.max_body = 50});
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == code);
  }
}

TEST_CASE("no call outlasts its deadline") {
  Handler const silent = [](Request&, ResponseWriter&) -> io::Task<void> {
    for (;;) co_await io::sleep_until(std::chrono::steady_clock::now() + 1h);
  };
  Site site(Wired::plain, silent);
  Caller caller;
  for (auto const protocol : {Protocol::http1, Protocol::http2}) {
    auto const answer =
        caller.send(site.endpoint(), post("/", ""), {.deadline = in(50ms), .protocol = protocol});
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == Code::timeout);
  }
}

TEST_CASE("nobody there, no such name, no such socket: connect errors") {
  Caller caller;
  Canned gone({});
  Endpoint endpoint = gone.endpoint();
  endpoint.port = 1;
  CHECK(caller.send(endpoint, post("/", "")).error().code == Code::connect);
  endpoint.host = "no-such-host.invalid";
  CHECK_FALSE(caller.send(endpoint, post("/", ""), {.deadline = in(3s)}).ok());
  Endpoint const socket{.scheme = Scheme::unix_socket, .host = "x", .socket_path = "/nowhere/x"};
  CHECK(caller.send(socket, post("/", "")).error().code == Code::connect);
}

TEST_CASE("a peer that fails the check is not spoken to") {
  Site site(Wired::tls);
  auto security = site.as("spiffe://example.org/caller");
  security.check = [](std::span<const tls::Certificate>) -> Result<void> {
    return make_error(Code::peer_mismatch, "another agent answers");
  };
  Caller caller;
  auto const answer = caller.send(site.endpoint(), post("/", ""), {.security = &security});
  CHECK(answer.error().code == Code::peer_mismatch);
  CHECK(site.server().stats().requests == 0);
  CHECK(caller.send(site.endpoint(), post("/", "")).error().code == Code::tls_setup);
}

TEST_CASE("a streamed answer is read as it comes") {
  for (auto const protocol : {Protocol::http1, Protocol::http2}) {
    Site site(Wired::plain, [](Request&, ResponseWriter& writer) -> io::Task<void> {
      if (!(co_await writer.start(200, {{"content-type", "text/event-stream"}})).ok()) co_return;
      for (int i = 0; i < 3; ++i) {
        if (!(co_await writer.write("data: " + std::to_string(i) + "\n\n")).ok()) co_return;
      }
      if (!(co_await writer.finish({{"x-end", "yes"}})).ok()) co_return;
    });
    io::BlockingPool pool(1, 4);
    SystemClock const clock;
    Client client({}, pool, clock);
    auto const read = [&]() -> io::Task<std::string> {
      auto stream = co_await client.open(site.endpoint(), post("/", ""), {.protocol = protocol});
      REQUIRE(stream.ok());
      std::string all((*stream)->headers().get("content-type").value_or(""));
      for (;;) {
        auto const piece = co_await (*stream)->read(in(5s));
        REQUIRE(piece.ok());
        if (piece->empty()) break;
        all.append(*piece);
      }
      co_return all + std::string((*stream)->trailers().get("x-end").value_or("no"));
    };
    CHECK(io::run_blocking(read()) == "text/event-streamdata: 0\n\ndata: 1\n\ndata: 2\n\nyes");
  }
}

TEST_CASE("requests that could be read as two are not sent") {
  Site site(Wired::plain);
  Caller caller;
  Request request = post("/", "");
  request.target = "/ HTTP/1.1\r\nx: y";
  CHECK(caller.send(site.endpoint(), request).error().code == Code::usage);
  request = post("/", "");
  request.method = "GET /\r\n";
  CHECK(caller.send(site.endpoint(), request).error().code == Code::usage);
}

// Under AddressSanitizer this is what it is about: the loop of the call is gone when the name is
// known.
TEST_CASE("a look-up that outlives its call, and the call's loop, touches nothing of either") {
  io::BlockingPool pool(1, 4);
  std::latch held(1);
  std::latch go(1);
  REQUIRE(pool.submit([&held, &go] {
    held.count_down();
    go.wait();
  }));
  held.wait();
  SystemClock const clock;
  {
    Client client({}, pool, clock);
    Request request;
    request.set_target("/");
    auto const answer = io::run_blocking(
        client.send({.host = "localhost", .port = 1}, request, {.deadline = in(1ms)}));
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == Code::timeout);
  }
  go.count_down();
  pool.stop();
}

TEST_CASE("a name is looked up while its caller waits") {
  Canned server({"HTTP/1.1 204 No Content\r\n\r\n"});
  io::BlockingPool pool(1, 4);
  SystemClock const clock;
  Client client({}, pool, clock);
  Request request;
  request.set_target("/");
  auto const answer = io::run_blocking(client.send(
      {.host = "localhost", .port = server.endpoint().port}, request, {.deadline = in(10s)}));
  REQUIRE_MESSAGE(answer.ok(), (answer.ok() ? "" : answer.error().text()));
  CHECK(answer->status == 204);
}
