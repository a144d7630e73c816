// SPDX-License-Identifier: Apache-2.0
// The sockets a server listens on, and how many connections and requests it takes from them.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "core/http/server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::http;
using namespace aw::http::testing;

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
