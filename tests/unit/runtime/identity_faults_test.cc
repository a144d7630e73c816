// SPDX-License-Identifier: Apache-2.0
// What becomes of connections that are open when the identity below them changes: a real process'
// composer, a real Workload API that does what it is told, real TLS clients that stay connected.
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <thread>

#include "core/identity/credentials.h"
#include "core/identity/dev_issuer.h"
#include "core/io/task.h"
#include "core/tls/stream.h"
#include "tests/fakes/fake_workload_api.h"
#include "tests/unit/runtime/project.h"

using namespace aw;
using namespace aw::runtime;
using identity::CaStage;
using identity::DevIssuer;
using identity::SpiffeId;
using identity::TrustDomain;
using testing::FakeWorkloadApi;

namespace {

constexpr std::chrono::seconds kPatience{20};

TrustDomain domain(std::string const& name) { return TrustDomain::parse(name).value(); }

std::unique_ptr<DevIssuer> issuer_of(std::string const& name, Clock const& clock) {
  auto const id = [&name](std::string const& path) {
    return SpiffeId::make(domain(name), path).value();
  };
  return DevIssuer::create(
             {.domain = domain(name),
              .identities = {{.id = id("/agent"), .name = "agent", .dns_names = {}},
                             {.id = id("/client"), .name = "client", .dns_names = {}}}},
             clock)
      .value();
}

identity::Snapshot state_of(DevIssuer const& issuer) { return *issuer.snapshots().latest().value; }

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
  std::string ask() {
    std::string answer;
    run([](tls::Stream& stream, bool shaken, std::string& out) -> io::Task<void> {
      if (!shaken && !(co_await stream.handshake()).ok()) co_return;
      if (!(co_await stream.write_all("GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n")).ok()) co_return;
      std::array<char, 4096> bytes{};
      auto const got = co_await stream.read_some(bytes);
      if (got.ok()) out.assign(bytes.data(), *got);
    }(*stream_, std::exchange(shaken_, true), answer));
    return answer.substr(0, answer.find("\r\n"));
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
struct World : runtime::test::Project {
  std::unique_ptr<DevIssuer> own = issuer_of("fault.test", clock);
  std::unique_ptr<DevIssuer> partner = issuer_of("partner.test", clock);
  FakeWorkloadApi api{scratch / "api.sock"};
  std::unique_ptr<Runtime> agent;

  World() {
    REQUIRE(own->add_federated(partner->bundle()).ok());
    api.up();
    api.serve(agents_state());
    agent = start();
  }

  // What the agent is told: its own SVID and every bundle.
  [[nodiscard]] identity::Snapshot agents_state() const {
    auto state = state_of(*own);
    std::erase_if(state.svids, [](auto const& svid) { return svid.hint != "agent"; });
    return state;
  }
  [[nodiscard]] std::unique_ptr<Runtime> start() const {
    return Project::start(
        load("agent: {name: a, trust_domain: fault.test, environment: development}\n"
             "identity: {provider: spiffe, allowed_trust_domains: [partner.test], "
             "spiffe_endpoint: \"" +
                 api.endpoint() + "\"}\n" + sections({}, "metrics: {enabled: false}, "),
             {"server.workers=1", "server.port=0", "server.host=127.0.0.1",
              "server.admin.enabled=false"}));
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

}  // namespace

TEST_CASE("an entry that is deleted ends every connection and lets nobody in, until it is back") {
  World world;
  auto const held = world.client(*world.own);
  REQUIRE(held->ask().starts_with("HTTP/1.1 4"));  // served: no such route
  world.api.refuse(FakeWorkloadApi::Answer::permission_denied);
  CHECK(held->ends());
  CHECK(world.becomes(*world.own, false));
  world.api.serve(world.agents_state());
  CHECK(world.becomes(*world.own, true));
}

TEST_CASE("a bundle that shrinks ends the connections of the domain it lost, and no other") {
  World world;
  auto const theirs = world.client(*world.partner);
  auto const ours = world.client(*world.own);
  REQUIRE(theirs->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(ours->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->remove_federated(domain("partner.test")).ok());
  world.api.serve(world.agents_state());
  CHECK(theirs->ends());
  CHECK(world.client(*world.partner)->ask().empty());
  CHECK(ours->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->add_federated(world.partner->bundle()).ok());
  world.api.serve(world.agents_state());
  CHECK(world.becomes(*world.partner, true));
}

TEST_CASE("an authority that leaves the bundle takes its connections along, the next one's stay") {
  World world;
  auto const old_state = world.client(*world.own);
  REQUIRE(old_state->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->rotate_ca().ok());  // the next authority stands in the bundle
  world.api.serve(world.agents_state());
  REQUIRE(world.own->advance_ca().ok());  // and signs; the old one is still believed
  world.api.serve(world.agents_state());
  auto const new_state = world.served(*world.own);
  CHECK(old_state->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->advance_ca().ok());  // the old one is gone
  REQUIRE(world.own->ca_stage() == CaStage::steady);
  world.api.serve(world.agents_state());
  CHECK(old_state->ends());
  CHECK(new_state->ask().starts_with("HTTP/1.1 4"));
}

TEST_CASE("a Workload API that goes away changes nothing for who is connected or comes") {
  World world;
  auto const held = world.client(*world.own);
  REQUIRE(held->ask().starts_with("HTTP/1.1 4"));
  world.api.down();
  CHECK(held->ask().starts_with("HTTP/1.1 4"));
  CHECK(world.client(*world.own)->ask().starts_with("HTTP/1.1 4"));
  world.api.up();
  REQUIRE(world.own->renew().ok());
  world.api.serve(world.agents_state());
  CHECK(held->ask().starts_with("HTTP/1.1 4"));
}

TEST_CASE("an agent that starts before its entry is there waits for it") {
  World world;
  world.agent.reset();
  world.api.refuse(FakeWorkloadApi::Answer::permission_denied);
  auto const before = world.api.streams_opened();
  auto starting = std::async(std::launch::async, [&world] { return world.start(); });
  while (world.api.streams_opened() < before + 2) std::this_thread::yield();  // it asks again
  world.api.serve(world.agents_state());
  world.agent = starting.get();
  CHECK(world.client(*world.own)->ask().starts_with("HTTP/1.1 4"));
}
