// SPDX-License-Identifier: Apache-2.0
// The badly behaved client, against servers that answer little, nothing or nonsense. Against real
// TLS it is tested where it is used (tests/unit/commands/prove_test.cc).
#include "core/tls/probe.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <stdexcept>
#include <thread>

#include "core/base/fs.h"
#include "tests/fixtures/pki.h"

using namespace aw;
using namespace aw::tls;

namespace {

// Takes one connection and does with it what it is told.
class OneConnection {
 public:
  explicit OneConnection(std::function<void(int)> serve) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    if (::bind(listener_.get(), where, size) != 0 || ::listen(listener_.get(), 1) != 0 ||
        ::getsockname(listener_.get(), where, &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this, serve = std::move(serve)] {
      Fd const connection(::accept(listener_.get(), nullptr, nullptr));
      if (connection.open()) serve(connection.get());
    });
  }
  ~OneConnection() { ::shutdown(listener_.get(), SHUT_RDWR); }  // an accept that waits returns
  OneConnection(OneConnection const&) = delete;
  OneConnection& operator=(OneConnection const&) = delete;

  [[nodiscard]] ProbeSpec spec(ProbeSpec::Wire wire) const {
    return {.host = "127.0.0.1",
            .port = port_,
            .patience = std::chrono::milliseconds(200),
            .wire = wire};
  }

 private:
  Fd listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;  // last: joined first
};

void say(int fd, std::string_view text) {
  static_cast<void>(::send(fd, text.data(), text.size(), MSG_NOSIGNAL));  // may be gone
}

// Until the other side ends.
void listen_on(int fd) {
  char buffer[256];
  while (::recv(fd, buffer, sizeof(buffer), 0) > 0) {
  }
}

}  // namespace

TEST_CASE("what is said is heard to its end") {
  OneConnection const server([](int fd) {
    char buffer[4];
    static_cast<void>(::recv(fd, buffer, sizeof(buffer), MSG_WAITALL));
    say(fd, std::string(buffer, 4) + ", and goodbye");
  });
  auto probe = fixtures::must(Probe::open(server.spec(ProbeSpec::Wire::plain)));
  REQUIRE(probe.send("ping").ok());
  auto const heard = probe.hear();
  CHECK(heard.bytes == "ping, and goodbye");
  CHECK(heard.end == Probe::End::closed);
  CHECK(probe.server_chain().empty());
  CHECK(probe.version().empty());
}

TEST_CASE("a server that says nothing is waited for as long as patience, and no longer") {
  OneConnection const server([](int fd) { listen_on(fd); });
  auto probe = fixtures::must(Probe::open(server.spec(ProbeSpec::Wire::plain)));
  auto const heard = probe.hear();
  CHECK(heard.bytes.empty());
  CHECK(heard.end == Probe::End::silent);
}

TEST_CASE("enough is enough, and a flood is cut") {
  OneConnection const server([](int fd) {
    std::string const piece(65536, 'x');
    for (int i = 0; i < 64; ++i) say(fd, piece);
  });
  auto probe = fixtures::must(Probe::open(server.spec(ProbeSpec::Wire::plain)));
  SUBCASE("when the listener says so") {
    auto const heard = probe.hear([](std::string_view so_far) { return so_far.size() > 10; });
    CHECK(heard.end == Probe::End::enough);
    CHECK(heard.bytes.size() > 10);
  }
  SUBCASE("at the most that is heard") {
    auto const heard = probe.hear();
    CHECK(heard.end == Probe::End::enough);
    CHECK(heard.bytes.size() < Probe::kMostHeard + 65536);
  }
}

TEST_CASE("a reset is told from a goodbye") {
  OneConnection const server([](int fd) {
    linger const none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  });
  auto probe = Probe::open(server.spec(ProbeSpec::Wire::plain));
  if (!probe.ok()) return;  // reset before it was noticed as connected
  auto const heard = probe->hear();
  CHECK(heard.end == Probe::End::broken);
  CHECK_FALSE(heard.why.empty());
}

TEST_CASE("a handshake that fails says why: silence, an alert, or nonsense") {
  auto const failure = [](std::function<void(int)> serve) {
    OneConnection const server(std::move(serve));
    auto const probe = Probe::open(server.spec(ProbeSpec::Wire::tls));
    REQUIRE_FALSE(probe.ok());
    return probe.error();
  };
  CHECK(failure([](int fd) { listen_on(fd); }).code == Code::timeout);
  auto const alert = failure([](int fd) {
    say(fd, std::string_view("\x15\x03\x03\x00\x02\x02\x46", 7));  // fatal, protocol_version
    listen_on(fd);
  });
  CHECK(alert.code == Code::handshake_failed);
  CHECK(alert.message == "alert protocol version");
  CHECK(failure([](int fd) { say(fd, "HTTP/1.1 400 Bad Request\r\n\r\n"); }).code ==
        Code::handshake_failed);
  CHECK(failure([](int) {}).code == Code::handshake_failed);
}

TEST_CASE("nobody there is an error of connecting") {
  std::uint16_t port = 0;
  {
    OneConnection const server([](int) {});
    port = server.spec(ProbeSpec::Wire::plain).port;
  }
  auto const probe = Probe::open({.host = "127.0.0.1", .port = port});
  REQUIRE_FALSE(probe.ok());
  CHECK(probe.error().code == Code::connect);
  CHECK(Probe::open({.host = "no.such.host.invalid", .port = 1}).error().code == Code::connect);
}
