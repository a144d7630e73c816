// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/supervisor.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <string>

#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/testing/manual_clock.h"

using namespace aw;
using namespace aw::runtime;
using namespace std::chrono_literals;
using aw::testing::ManualClock;

namespace {

Environment with(std::map<std::string, std::string> const& variables) {
  return [variables](std::string const& name) -> std::optional<std::string> {
    auto const found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// What systemd would hear, on a name in the abstract namespace.
class Listener {
 public:
  std::string const name = "@aw-notify-" + random_uuid();

  Listener() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    address.sun_path[0] = '\0';
    auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr const*>(&address), size) == 0);
  }
  // Empty when nothing was said.
  [[nodiscard]] std::string heard() const {
    std::array<char, 512> bytes{};
    auto const got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    return got < 0 ? std::string() : std::string(bytes.data(), static_cast<std::size_t>(got));
  }

 private:
  Fd socket_;
};

}  // namespace

TEST_CASE("a supervisor hears when the agent is ready, reloads and stops") {
  Listener const listener;
  ManualClock clock(WallTime{});
  Supervisor supervisor(with({{"NOTIFY_SOCKET", listener.name}}), clock);
  CHECK(supervisor.present());
  supervisor.ready("serving on https://127.0.0.1:8443");
  CHECK(listener.heard() == "READY=1\nSTATUS=serving on https://127.0.0.1:8443");
  supervisor.reloading();
  CHECK(listener.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  supervisor.stopping();
  CHECK(listener.heard() == "STOPPING=1");
}

TEST_CASE("the watchdog is fed when half of its patience has passed, not more often") {
  Listener const listener;
  ManualClock clock(WallTime{});
  clock.advance(1h);
  Supervisor supervisor(with({{"NOTIFY_SOCKET", listener.name}, {"WATCHDOG_USEC", "10000000"}}),
                        clock);
  supervisor.alive();
  CHECK(listener.heard() == "WATCHDOG=1");
  clock.advance(4s);
  supervisor.alive();
  CHECK(listener.heard().empty());
  clock.advance(1s);
  supervisor.alive();
  CHECK(listener.heard() == "WATCHDOG=1");
}

TEST_CASE("a watchdog of another process is none of ours") {
  Listener const listener;
  ManualClock clock(WallTime{});
  Supervisor supervisor(
      with(
          {{"NOTIFY_SOCKET", listener.name}, {"WATCHDOG_USEC", "10000000"}, {"WATCHDOG_PID", "1"}}),
      clock);
  CHECK(supervisor.patience() == 0us);
  supervisor.alive();
  CHECK(listener.heard().empty());
}

TEST_CASE("without a supervisor, or with one that cannot be, nothing is said") {
  ManualClock clock(WallTime{});
  for (std::string const name : {"", "relative/path", "/nobody/listens/here"}) {
    CAPTURE(name);
    Supervisor supervisor(with({{"NOTIFY_SOCKET", name}}), clock);
    supervisor.ready("x");
    supervisor.stopping();
  }
  Supervisor const none(with({}), clock);
  CHECK_FALSE(none.present());
}

TEST_CASE("sockets meant for another process, or none, are not taken") {
  CHECK(inherited_socket(with({})).value() == std::nullopt);
  CHECK(inherited_socket(with({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "1"}})).value() == std::nullopt);
  auto const pid = std::to_string(::getpid());
  CHECK(inherited_socket(with({{"LISTEN_PID", pid}, {"LISTEN_FDS", "0"}})).value() == std::nullopt);
  CHECK(inherited_socket(with({{"LISTEN_PID", pid}, {"LISTEN_FDS", "x"}})).value() == std::nullopt);
}

TEST_CASE("two sockets are refused: there is one port to serve") {
  auto const taken =
      inherited_socket(with({{"LISTEN_PID", std::to_string(::getpid())}, {"LISTEN_FDS", "2"}}));
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().message.find("2 sockets") != std::string::npos);
}
