// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_socket.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <fstream>
#include <future>

#include "tests/support/temp_dir.h"

namespace {

using aw::Code;
using aw::Fd;
using aw::identity::WorkloadSocket;

sockaddr_un address_of(std::string const& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

bool connects(std::string const& path) {
  Fd const fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto const address = address_of(path);
  return connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof(address)) == 0;
}

unsigned mode_of(std::filesystem::path const& path) {
  struct stat info{};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE("the workload socket is private: file 0600 in a directory 0700") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "fresh" / "agent.sock";
  auto socket = WorkloadSocket::bind(path);
  REQUIRE(socket.ok());
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(path.parent_path()) == 0700);
}

TEST_CASE("the workload socket hands over connections and goes when stopped") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "agent.sock";
  auto socket = WorkloadSocket::bind(path);
  REQUIRE(socket.ok());
  std::promise<bool> accepted;
  (*socket)->start([&accepted](Fd fd) { accepted.set_value(fd.open()); });
  CHECK(connects(path));
  CHECK(accepted.get_future().get());
  (*socket)->stop();
  (*socket)->stop();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a stale workload socket is replaced") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "agent.sock";
  {
    // Bound and never removed: what a killed process leaves.
    Fd const left(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = address_of(path);
    REQUIRE(bind(left.get(), reinterpret_cast<sockaddr const*>(&address), sizeof(address)) == 0);
  }
  REQUIRE(std::filesystem::exists(path));
  CHECK(WorkloadSocket::bind(path).ok());
}

TEST_CASE("a live workload socket is never stolen") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "agent.sock";
  auto const first = WorkloadSocket::bind(path);
  REQUIRE(first.ok());
  auto const second = WorkloadSocket::bind(path);
  REQUIRE(!second.ok());
  CHECK(second.error().code == Code::address_in_use);
  CHECK(connects(path));
}

TEST_CASE("a workload socket does not replace what is no socket") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "agent.sock";
  std::ofstream(path) << "precious";
  auto const socket = WorkloadSocket::bind(path);
  REQUIRE(!socket.ok());
  CHECK(socket.error().code == Code::io);
  CHECK(std::filesystem::file_size(path) == 8);
}

TEST_CASE("a stopped workload socket leaves its successor's file alone") {
  aw::testing::TempDir const scratch;
  auto const path = scratch.path() / "agent.sock";
  auto first = WorkloadSocket::bind(path);
  REQUIRE(first.ok());
  std::filesystem::rename(path, scratch.path() / "moved.sock");
  auto const second = WorkloadSocket::bind(path);
  REQUIRE(second.ok());
  (*first)->stop();
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("a workload socket path that no address can hold is refused") {
  auto const socket = WorkloadSocket::bind("/tmp/" + std::string(120, 'x'));
  REQUIRE(!socket.ok());
  CHECK(socket.error().code == Code::config_out_of_range);
}
