// SPDX-License-Identifier: Apache-2.0
// A whole agent that hears of its identity from a Workload API of ours, and clients that hold real
// TLS connections to it. A world's agent goes before its clients' issuers do.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/identity/credentials.h"
#include "core/identity/dev_issuer.h"
#include "core/io/task.h"
#include "core/tls/stream.h"
#include "tests/fakes/fake_workload_api.h"
#include "tests/unit/runtime/project.h"

namespace aw::runtime::test {

using identity::DevIssuer;
using testing::FakeWorkloadApi;

inline constexpr std::chrono::seconds kPatience{20};

inline identity::TrustDomain domain(std::string const& name) {
  return identity::TrustDomain::parse(name).value();
}

inline std::unique_ptr<DevIssuer> issuer_of(std::string const& name, Clock const& clock) {
  auto const id = [&name](std::string const& path) {
    return identity::SpiffeId::make(domain(name), path).value();
  };
  return DevIssuer::create(
             {.domain = domain(name),
              .identities = {{.id = id("/agent"), .name = "agent", .dns_names = {}},
                             {.id = id("/client"), .name = "client", .dns_names = {}}}},
             clock)
      .value();
}

inline identity::Snapshot state_of(DevIssuer const& issuer) {
  return *issuer.snapshots().latest().value;
}

// A client's connection that stays open: a loop of its own, turned only inside its calls.
class Held {
 public:
  // `trusted`: whose authority the agent's certificate must come from.
  Held(DevIssuer const& issuer, identity::Bundle const& trusted, std::string const& agent,
       Clock const& clock) {
    auto state = state_of(issuer);
    std::erase_if(state.svids, [](auto const& svid) { return svid.hint != "client"; });
    state.bundles.insert_or_assign(trusted.trust_domain(), trusted);
    identity::CredentialsSpec spec{.allowed = {trusted.trust_domain()}};
    spec.client_alpn = {"http/1.1"};
    auto made = identity::Credentials::make(std::make_shared<identity::Snapshot>(std::move(state)),
                                            spec, clock);
    REQUIRE(made.ok());
    boost::asio::ip::tcp::socket socket(loop_);
    auto const port = std::stoi(agent.substr(agent.rfind(':') + 1));
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), static_cast<std::uint16_t>(port)});
    auto opened = tls::Stream::open(tls::Socket(std::move(socket)), (*made)->client());
    REQUIRE(opened.ok());
    stream_ = std::move(opened).value();
  }
  ~Held() { stream_->close(); }

  // Handshake and one request; the status line, empty when the server refused.
  std::string ask(std::string_view request = "GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n") {
    auto const answer = answer_to(request);
    return answer.substr(0, answer.find("\r\n"));
  }
  // The same, the whole answer as far as it came at once.
  std::string answer_to(std::string_view request) {
    std::string answer;
    run([](tls::Stream& stream, bool shaken, std::string_view sent,
           std::string& out) -> io::Task<void> {
      if (!shaken && !(co_await stream.handshake()).ok()) co_return;
      if (!(co_await stream.write_all(sent)).ok()) co_return;
      std::array<char, 4096> bytes{};
      auto const got = co_await stream.read_some(bytes);
      if (got.ok()) out.assign(bytes.data(), *got);
    }(*stream_, std::exchange(shaken_, true), request, answer));
    return answer;
  }
  // True when the server ends it before our patience does.
  bool ends() {
    bool ended = false;
    run([](tls::Stream& stream, bool& out) -> io::Task<void> {
      for (;;) {
        std::array<char, 4096> bytes{};
        auto const got = co_await stream.read_some(bytes);
        if (got.ok() && *got > 0) continue;
        out = got.ok() || got.error().code != Code::interrupted;
        co_return;
      }
    }(*stream_, ended));
    return ended;
  }

 private:
  void run(io::Task<void> task) {
    boost::asio::steady_timer limit(loop_, kPatience);
    limit.async_wait([this](boost::system::error_code error) {
      if (!error) stream_->cancel();
    });
    boost::asio::co_spawn(loop_, std::move(task), [&limit](std::exception_ptr failure) {
      limit.cancel();
      if (failure) std::rethrow_exception(failure);
    });
    loop_.restart();
    loop_.run();
  }

  boost::asio::io_context loop_{1};
  std::unique_ptr<tls::Stream> stream_;
  bool shaken_ = false;
};

// An agent of "fault.test" that also lets "partner.test" in.
struct World : Project {
  std::unique_ptr<DevIssuer> own = issuer_of("fault.test", clock);
  std::unique_ptr<DevIssuer> partner = issuer_of("partner.test", clock);
  FakeWorkloadApi api{scratch / "api.sock"};
  std::unique_ptr<Runtime> agent;

  // `settings` as on the command line.
  explicit World(Seams seams = {}, std::vector<std::string> settings = {}) {
    REQUIRE(own->add_federated(partner->bundle()).ok());
    api.up();
    api.serve(agents_state());
    agent = start(std::move(seams), std::move(settings));
  }

  // What the agent is told: its own SVID and every bundle.
  [[nodiscard]] identity::Snapshot agents_state() const {
    auto state = state_of(*own);
    std::erase_if(state.svids, [](auto const& svid) { return svid.hint != "agent"; });
    return state;
  }
  [[nodiscard]] std::unique_ptr<Runtime> start(Seams seams = {},
                                               std::vector<std::string> settings = {}) const {
    settings.insert(settings.end(), {"server.workers=1", "server.port=0", "server.host=127.0.0.1",
                                     "server.admin.enabled=false"});
    return Project::start(
        load("agent: {name: a, trust_domain: fault.test, environment: development}\n"
             "identity: {provider: spiffe, allowed_trust_domains: [partner.test], "
             "spiffe_endpoint: \"" +
                 api.endpoint() + "\"}\n" + sections({}, "metrics: {enabled: false}, "),
             std::move(settings)),
        std::move(seams));
  }
  [[nodiscard]] std::unique_ptr<Held> client(DevIssuer const& issuer) const {
    return std::make_unique<Held>(issuer, own->bundle(), agent->listening().agent, clock);
  }
  // A connection that was served, as soon as one is.
  [[nodiscard]] std::unique_ptr<Held> served(DevIssuer const& issuer) const {
    auto const until = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      auto held = client(issuer);
      if (!held->ask().empty()) return held;
      REQUIRE(std::chrono::steady_clock::now() < until);
      std::this_thread::yield();
    }
  }
  // A new connection is served, or refused, before patience ends: what the agent was told reaches
  // it on a thread of its own.
  [[nodiscard]] bool becomes(DevIssuer const& issuer, bool served) const {
    auto const until = std::chrono::steady_clock::now() + kPatience;
    while (client(issuer)->ask().empty() == served) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

}  // namespace aw::runtime::test
