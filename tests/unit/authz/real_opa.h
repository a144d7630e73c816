// SPDX-License-Identifier: Apache-2.0
// Remote OPA over real sockets, and the real program when it is on this machine.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "core/authz/authorizer.h"
#include "core/authz/opa_http.h"
#include "core/base/fs.h"
#include "core/http/client.h"
#include "core/io/pool.h"
#include "fixture.h"

namespace aw::authz {

struct Remote {
  SystemClock clock;
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;
  io::BlockingPool pool{1, 16};
  http::Client client{http::ClientConfig{}, pool, clock};
  Config config;
  std::unique_ptr<Authorizer> authorizer;

  explicit Remote(std::vector<std::string> endpoints) {
    config.opa_endpoints = std::move(endpoints);
    config.timeout = std::chrono::milliseconds(500);
    config.cache.ttl = {};
  }
  void open() {
    auto transport = http_opa_transport(config, client, std::nullopt);
    REQUIRE(transport.ok());
    auto opened = Authorizer::open(config, {.clock = clock, .log = *quiet, .metrics = registry},
                                   std::move(*transport));
    REQUIRE(opened.ok());
    authorizer = std::move(*opened);
  }
  [[nodiscard]] AuthzDecision ask(AuthzContext const& context) const {
    return io::run_blocking(authorizer->authorize(context));
  }
};

// The machine's own opa; empty when there is none.
inline std::string opa_program() {
  auto const* const home = ::getenv("HOME");
  auto program = std::string(home == nullptr ? "" : home) + "/.cache/agentweave-peers/bin/opa";
  return ::access(program.c_str(), X_OK) == 0 ? program : std::string();
}

// The machine's own `opa run --server` on a unix socket, or nothing.
class RealOpa {
 public:
  explicit RealOpa(std::vector<std::string> const& files) {
    auto const program = opa_program();
    if (program.empty()) return;
    auto const address = "unix://" + socket();
    std::vector<std::string> words = {program, "run",    "--server", "--log-level",
                                      "error", "--addr", address};
    words.insert(words.end(), files.begin(), files.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (::posix_spawn(&process_, program.c_str(), nullptr, nullptr, arguments.data(), environ) !=
        0) {
      process_ = -1;
      return;
    }
    for (int i = 0; i < 500 && !up(); ++i) ::usleep(20'000);
  }
  ~RealOpa() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  RealOpa(RealOpa const&) = delete;
  RealOpa& operator=(RealOpa const&) = delete;
  [[nodiscard]] bool running() const { return process_ > 0 && up(); }
  [[nodiscard]] std::string url() const { return "unix://" + socket(); }

 private:
  [[nodiscard]] std::string socket() const { return (directory_ / "opa.sock").string(); }
  [[nodiscard]] bool up() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof(address.sun_path) - 1);
    Fd const fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  testing::TempDir directory_;
  pid_t process_ = -1;
};

}  // namespace aw::authz
