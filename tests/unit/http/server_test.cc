// SPDX-License-Identifier: Apache-2.0
#include "core/http/server.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <fstream>
#include <latch>

#include "core/io/task.h"
#include "core/tls/stream.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

namespace {

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nhost: a\r\n\r\n";

Limits quick() {
  Limits limits;
  limits.handshake_timeout = limits.head_timeout = limits.body_timeout = 60ms;
  limits.idle_timeout = limits.write_timeout = limits.request_timeout = 60ms;
  return limits;
}

// What a server says first to `greeting`, over TLS whose client named no protocol.
io::Task<std::string> first_words(Site& site, Security const& security, std::string greeting) {
  tls::Socket socket(co_await boost::asio::this_coro::executor);
  boost::asio::ip::tcp::endpoint const there(boost::asio::ip::address_v4::loopback(),
                                             site.server().port());
  auto const [refused] = co_await socket.async_connect(there, io::kNoThrow);
  if (refused) co_return "no connection";
  auto const stream = fixtures::must(
      tls::Stream::open(std::move(socket), fixtures::must(security.context()), "localhost"));
  fixtures::must(co_await stream->handshake());
  for (char const c : greeting) fixtures::must(co_await stream->write_all({&c, 1}));
  std::array<char, 4096> bytes{};
  auto const got = co_await stream->read_some(bytes);
  stream->close();
  co_return got.ok() ? std::string(bytes.data(), *got) : got.error().text();
}

}  // namespace

TEST_CASE("both protocols are served over mutual TLS on one port") {
  Site site(Wired::tls);
  Caller caller;
  for (std::string const& alpn : {"h2", "http/1.1"}) {
    CAPTURE(alpn);
    auto const security = site.as("spiffe://example.org/caller", {alpn});
    CallReport report;
    auto const answer = caller.send(site.endpoint(), post("/a?b=1", "hello"),
                                    {.security = &security, .report = &report});
    REQUIRE(answer.ok());
    CHECK(answer->status == 200);
    CHECK(answer->body == "POST /a?b=1 hello");
    CHECK(answer->headers.get("content-length") == "17");
    CHECK(answer->headers.has("date"));
    CHECK(report.alpn == alpn);
    CHECK(report.tls_version == "TLSv1.3");
    CHECK(report.handshake.count() > 0);
    CHECK(report.peer_chain.at(0).uri_sans().at(0) == "spiffe://example.org/server");
  }
  auto const infos = site.infos();
  CHECK(infos.at(0).alpn == "h2");
  CHECK(infos.at(1).peer_chain.at(0).uri_sans().at(0) == "spiffe://example.org/caller");
  CHECK(infos.at(0).remote_address.starts_with("127.0.0.1:"));
}

TEST_CASE("over TLS without ALPN the first bytes say which protocol it is") {
  Site site(Wired::tls);
  auto const security = site.as("spiffe://example.org/caller", {});
  auto const h1 = io::run_blocking(first_words(site, security, std::string(kGet)));
  CHECK(h1.starts_with("HTTP/1.1 200"));
  std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  preface.append("\0\0\0\4\0\0\0\0\0", 9);  // and empty SETTINGS (RFC 9113 §3.4)
  auto const h2 = io::run_blocking(first_words(site, security, preface));
  REQUIRE(h2.size() > 9);
  CHECK(h2[3] == 4);  // SETTINGS come first from a server too
  CHECK(site.infos().at(1).alpn.empty());
}

TEST_CASE("a refused certificate is a failed handshake, never an answer, and is reported") {
  Site site(Wired::tls);
  Caller caller;
  for (std::string const& alpn : {"h2", "http/1.1"}) {
    auto const security = site.as("spiffe://example.org/evil", {alpn});
    auto const answer = caller.send(site.endpoint(), post("/", "x"), {.security = &security});
    REQUIRE_FALSE(answer.ok());
    CAPTURE(answer.error().text());
    CHECK(answer.error().code == Code::handshake_failed);
  }
  CHECK(eventually([&] { return site.rejected().size() == 2; }));
  CHECK(site.rejected().at(0).code == Code::peer_unverified);
  CHECK(site.server().stats().requests == 0);
}

TEST_CASE("a client without a certificate gets an alert and no answer") {
  Site site(Wired::tls);
  aw::testing::TempDir const directory;
  std::ofstream(directory / "ca.pem") << site.pki().certificate().pem();
  auto spec = site.pki().leaf_spec("spiffe://example.org/server");
  auto const context =
      fixtures::must(tls::Context::web_client({.ca_file = (directory / "ca.pem").string()}));
  Security security;
  security.context = [&]() -> Result<std::shared_ptr<const tls::Context>> { return context; };
  security.server_name = "localhost";
  Caller caller;
  CHECK_FALSE(caller.send(site.endpoint(), post("/", "x"), {.security = &security}).ok());
  CHECK(eventually([&] { return !site.rejected().empty(); }));
  CHECK(site.server().stats().requests == 0);
}

TEST_CASE("plain HTTP to the TLS port is closed without a word of HTTP") {
  Site site(Wired::tls);
  Raw raw(site.server().port());
  raw.send(kGet);
  CHECK(raw.read_all().find("HTTP") == std::string::npos);
  CHECK(raw.ended());
}

TEST_CASE("a new certificate serves new connections; old ones go on") {
  Site site(Wired::tls);
  auto const security = site.as("spiffe://example.org/caller", {"http/1.1"});
  io::BlockingPool pool(1, 4);
  SystemClock const clock;
  Client client({}, pool, clock);
  auto const seen = [&](Client& with) {
    CallReport report;
    auto const answer = io::run_blocking(
        with.send(site.endpoint(), post("/", ""), {.security = &security, .report = &report}));
    REQUIRE(answer.ok());
    return report.peer_chain.at(0).uri_sans().at(0);
  };
  CHECK(seen(client) == "spiffe://example.org/server");
  site.rotate("spiffe://example.org/rotated");
  CHECK(seen(client) == "spiffe://example.org/rotated");
}

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

TEST_CASE("a server takes over a socket that listens already") {
  int const listening = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listening, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listening, 16) == 0);
  io::Loops loops(2);
  SystemClock clock;
  ServerOptions options;
  options.listen = InheritedSocket{listening};
  options.sessions = [](ConnectionInfo const&) -> Result<std::unique_ptr<Session>> {
    return std::unique_ptr<Session>(std::make_unique<FunctionSession>(echo, WallTime::max()));
  };
  auto const server = fixtures::must(Server::start(std::move(options), loops, clock));
  CHECK(server->port() != 0);
  CHECK(server->address() == "127.0.0.1:" + std::to_string(server->port()));
  for (int i = 0; i < 8; ++i) {
    Raw raw(server->port());
    raw.send(kGet);
    CHECK(raw.read_until("GET /x ").starts_with("HTTP/1.1 200"));
  }
  server->stop();
}

TEST_CASE("a connection above the limit is turned away at once") {
  Limits limits;
  limits.max_connections = 1;
  Site site(Wired::plain, echo, limits);
  Raw first(site.server().port());
  first.send(kGet);
  first.read_until("GET /x ");
  Raw second(site.server().port());
  CHECK(second.read_all().starts_with("HTTP/1.1 503 "));
  CHECK(second.ended());
  first.send(kGet);
  CHECK(first.read_until("GET /x ").starts_with("HTTP/1.1 200"));
}

TEST_CASE("a connection serves so many requests and no more") {
  Limits limits;
  limits.max_requests_per_connection = 2;
  Site site(Wired::plain, echo, limits);
  Raw raw(site.server().port());
  raw.send(std::string(kGet) + std::string(kGet) + std::string(kGet));
  auto const all = raw.read_all();
  CHECK(raw.ended());
  CHECK(all.find("connection: close") != std::string::npos);
  CHECK(site.server().stats().requests == 2);
}

TEST_CASE("a port in use is said to be, and port 0 finds a free one") {
  Site site(Wired::plain);
  CHECK(site.server().port() != 0);
  ServerOptions options;
  options.listen = TcpAddress{.port = site.server().port()};
  options.sessions = [](ConnectionInfo const&) -> Result<std::unique_ptr<Session>> {
    return make_error(Code::internal, "unused");
  };
  auto const second = Server::start(options, site.loops(), site.clock());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::address_in_use);
  options.listen = TcpAddress{.host = "search.example"};
  CHECK_FALSE(Server::start(options, site.loops(), site.clock()).ok());
}

TEST_CASE("a unix socket is private, replaces a stale one and nothing else") {
  aw::testing::TempDir const directory;
  auto const path = (directory / "x.sock").string();
  Endpoint const endpoint{.scheme = Scheme::unix_socket, .host = "localhost", .socket_path = path};
  {
    int const stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof(name.sun_path) - 1);
    REQUIRE(::bind(stale, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0);
    ::close(stale);
  }
  Site other(Wired::plain);
  ServerOptions options;
  options.listen = UnixAddress{.path = path};
  Handler const handler = echo;
  options.sessions = [&](ConnectionInfo const&) -> Result<std::unique_ptr<Session>> {
    return std::unique_ptr<Session>(std::make_unique<FunctionSession>(handler, WallTime::max()));
  };
  auto server = Server::start(options, other.loops(), other.clock());
  REQUIRE(server.ok());
  struct stat about{};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  Caller caller;
  CHECK(caller.send(endpoint, post("/u", "x"))->body == "POST /u x");
  auto const second = Server::start(options, other.loops(), other.clock());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::address_in_use);
  (*server)->stop();
  CHECK(::stat(path.c_str(), &about) != 0);
  std::ofstream(path) << "not a socket";
  CHECK_FALSE(Server::start(options, other.loops(), other.clock()).ok());
}
