// SPDX-License-Identifier: Apache-2.0
// Calls to a real peer over mutual TLS: what is tried again, and when a peer is left alone.
#include "core/server/outbound_call.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <set>

#include "core/a2a/replay_headers.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "core/io/pool.h"
#include "tests/fixtures/ca.h"

using namespace aw;          // NOLINT(google-build-using-namespace): test
using namespace aw::server;  // NOLINT(google-build-using-namespace): test
using namespace std::chrono_literals;

namespace {

char const* const kPeerId = "spiffe://example.org/agent/peer";

// Goes with the machine's clock, and jumps when told to.
class JumpingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return real_.now(); }
  [[nodiscard]] SteadyTime steady() const override { return real_.steady() + ahead_.load(); }
  void jump(std::chrono::nanoseconds by) { ahead_ = ahead_.load() + by; }

 private:
  SystemClock real_;
  std::atomic<std::chrono::nanoseconds> ahead_{0ns};
};

// An agent whose answers are scripted: the n-th request gets the n-th status, the last one for
// ever.
class ScriptedPeer {
 public:
  ScriptedPeer(fixtures::TestCa const& ca, std::vector<int> statuses)
      : statuses_(std::move(statuses)),
        credentials_(fixtures::must(
            identity::Credentials::make(fixtures::snapshot(ca, "/agent/peer"), {}, clock_))) {
    http::ServerOptions options;
    options.tls = [this] { return credentials_->server(); };
    options.sessions =
        [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
      return std::unique_ptr<http::Session>(std::make_unique<ScriptedSession>(*this));
    };
    server_ = fixtures::must(http::Server::start(std::move(options), loops_, clock_));
  }
  ~ScriptedPeer() {
    server_->stop();
    loops_.stop();
  }
  ScriptedPeer(ScriptedPeer const&) = delete;
  ScriptedPeer& operator=(ScriptedPeer const&) = delete;

  [[nodiscard]] std::string address() const { return "https://" + server_->address(); }
  [[nodiscard]] std::size_t asked() const { return asked_; }
  [[nodiscard]] std::set<std::string> nonces() const {
    std::lock_guard const lock(mutex_);
    return nonces_;
  }

 private:
  struct ScriptedSession final : http::Session {
    explicit ScriptedSession(ScriptedPeer& its_peer) : peer(its_peer) {}
    io::Task<void> handle(http::Request& request, http::ResponseWriter& writer) override {
      co_await writer.respond(peer.answer(request));
    }
    ScriptedPeer& peer;
  };

  http::Response answer(http::Request const& request) {
    std::lock_guard const lock(mutex_);
    nonces_.emplace(request.headers.get(a2a::kNonceHeader).value_or("none"));
    http::Response out;
    out.status = statuses_[std::min(asked_++, statuses_.size() - 1)];
    out.body = "{}";
    return out;
  }

  std::vector<int> statuses_;
  std::atomic<std::size_t> asked_ = 0;
  mutable std::mutex mutex_;
  std::set<std::string> nonces_;
  SystemClock clock_;
  io::Loops loops_{1};
  std::shared_ptr<const identity::Credentials> credentials_;
  std::unique_ptr<http::Server> server_;
};

http::ClientConfig quick_config() {
  http::ClientConfig config;
  config.retry = {.max_attempts = 3, .backoff_base = 1ms, .backoff_max = 2ms};
  config.breaker = {.failure_threshold = 4, .success_threshold = 1, .timeout = 30s};
  return config;
}

struct OutboundBench {
  fixtures::TestCa ca;
  JumpingClock clock;
  std::chrono::milliseconds patience{20'000};
  io::BlockingPool pool{1, 16};
  http::Client client{{}, pool, clock};
  std::shared_ptr<const identity::Credentials> self =
      fixtures::must(identity::Credentials::make(fixtures::snapshot(ca, "/agent/us"), {}, clock));

  OutboundCaller caller(std::string address, http::ClientConfig config = quick_config()) {
    a2a::DiscoveryConfig discovery;
    discovery.peers = {{.spiffe_id = kPeerId, .address = std::move(address)}};
    return {std::move(config), std::move(discovery), client, clock};
  }
  Result<int> call(OutboundCaller& caller, Safe safe, char const* id = kPeerId) {
    return io::run_blocking(status_of(caller, safe, fixtures::spiffe_id(id), post()));
  }
  // On a loop that the test turns itself, or not.
  void begin(OutboundCaller& caller, boost::asio::io_context& loop) {
    boost::asio::co_spawn(loop, ignored(caller), boost::asio::detached);
  }
  io::Task<void> ignored(OutboundCaller& caller) {
    auto const status =
        co_await status_of(caller, Safe::once, fixtures::spiffe_id(kPeerId), post());
    static_cast<void>(status.ok());
  }
  static http::Request post() {
    http::Request request;
    request.method = "POST";
    request.set_target("/rpc");
    return request;
  }
  // The answer belongs to the loop it came on, and goes before it.
  io::Task<Result<int>> status_of(OutboundCaller& caller, Safe safe, identity::SpiffeId id,
                                  http::Request request) {
    auto const answer =
        co_await caller.call(self, id, std::move(request), safe, clock.steady() + patience);
    if (!answer.ok()) co_return answer.error();
    co_return (*answer)->status();
  }
};

// An address nobody listens on: it was ours, and is closed.
std::string deserted(fixtures::TestCa const& ca) {
  ScriptedPeer const gone(ca, {200});
  return gone.address();
}

}  // namespace

TEST_CASE(
    "a read is tried again while the peer says it is unavailable, each try with its own nonce") {
  OutboundBench bench;
  ScriptedPeer const peer(bench.ca, {503, 502, 200});
  auto caller = bench.caller(peer.address());
  CHECK(fixtures::must(bench.call(caller, Safe::to_repeat)) == 200);
  CHECK(peer.asked() == 3);
  CHECK(peer.nonces().size() == 3);
  CHECK_FALSE(peer.nonces().contains("none"));
}

TEST_CASE("the last try's answer is the call's, whatever it is") {
  OutboundBench bench;
  ScriptedPeer const peer(bench.ca, {503});
  auto caller = bench.caller(peer.address());
  CHECK(fixtures::must(bench.call(caller, Safe::to_repeat)) == 503);
  CHECK(peer.asked() == 3);
}

TEST_CASE("what may have been done is not tried again, nor is a denial") {
  struct Row {
    Safe safe;
    int status;
  };
  for (auto const row : {Row{Safe::once, 503}, Row{Safe::to_repeat, 403}, Row{Safe::to_repeat, 409},
                         Row{Safe::to_repeat, 500}}) {
    CAPTURE(row.status);
    OutboundBench bench;
    ScriptedPeer const peer(bench.ca, {row.status});
    auto caller = bench.caller(peer.address());
    CHECK(fixtures::must(bench.call(caller, row.safe)) == row.status);
    CHECK(peer.asked() == 1);
  }
}

TEST_CASE("what surely never arrived is tried again, also when it must be done once only") {
  OutboundBench bench;
  auto config = quick_config();
  config.breaker.failure_threshold = config.retry.max_attempts;
  auto caller = bench.caller(deserted(bench.ca), config);
  CHECK(bench.call(caller, Safe::once).error().code == Code::connect);
  // Only three failures open the breaker, so there were three tries.
  CHECK(bench.call(caller, Safe::once).error().code == Code::overloaded);
}

TEST_CASE("a peer that does not answer is left alone until its time, then probed once") {
  OutboundBench bench;
  auto config = quick_config();
  config.retry.max_attempts = 1;
  config.breaker.failure_threshold = 2;
  auto caller = bench.caller(deserted(bench.ca), config);
  for (auto const expected : {Code::connect, Code::connect, Code::overloaded, Code::overloaded})
    CHECK(bench.call(caller, Safe::once).error().code == expected);
  bench.clock.jump(31s);
  for (auto const expected : {Code::connect, Code::overloaded})
    CHECK(bench.call(caller, Safe::once).error().code == expected);
}

TEST_CASE("a probe that is cut off tells nothing: the next call is the probe") {
  OutboundBench bench;
  boost::asio::io_context unattended;
  // Whoever connects waits for a handshake that nobody takes part in.
  boost::asio::ip::tcp::acceptor const silent(unattended,
                                              {boost::asio::ip::address_v4::loopback(), 0});
  auto config = quick_config();
  config.retry.max_attempts = 1;
  config.breaker.failure_threshold = 1;
  auto caller =
      bench.caller("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()), config);
  bench.patience = 50ms;
  CHECK(bench.call(caller, Safe::once).error().code == Code::timeout);
  CHECK(bench.call(caller, Safe::once).error().code == Code::overloaded);
  bench.clock.jump(31s);
  {
    // Begun, and dropped in the middle, as when our own caller goes away.
    boost::asio::io_context loop;
    bench.begin(caller, loop);
    loop.poll();
    CHECK(bench.call(caller, Safe::once).error().code == Code::overloaded);
  }
  CHECK(bench.call(caller, Safe::once).error().code == Code::timeout);
}

TEST_CASE("the breaker of one peer is not another's") {
  OutboundBench bench;
  ScriptedPeer const other(bench.ca, {200});
  auto config = quick_config();
  config.breaker.failure_threshold = 1;
  a2a::DiscoveryConfig discovery;
  discovery.peers = {
      {.spiffe_id = "spiffe://example.org/agent/gone", .address = deserted(bench.ca)},
      {.spiffe_id = kPeerId, .address = other.address()}};
  OutboundCaller caller(config, discovery, bench.client, bench.clock);
  CHECK_FALSE(bench.call(caller, Safe::once, "spiffe://example.org/agent/gone").ok());
  CHECK(fixtures::must(bench.call(caller, Safe::once)) == 200);
}

TEST_CASE("that somebody else answers is an answer: not tried again, and no reason to wait") {
  OutboundBench bench;
  ScriptedPeer const peer(bench.ca, {200});
  a2a::DiscoveryConfig discovery;
  discovery.peers = {
      {.spiffe_id = "spiffe://example.org/agent/expected", .address = peer.address()}};
  OutboundCaller caller(quick_config(), discovery, bench.client, bench.clock);
  for (int i = 0; i < 6; ++i)
    CHECK(bench.call(caller, Safe::to_repeat, "spiffe://example.org/agent/expected").error().code ==
          Code::peer_mismatch);
  CHECK(peer.asked() == 0);
}

TEST_CASE("no further try begins when its pause would pass the deadline") {
  OutboundBench bench;
  ScriptedPeer const peer(bench.ca, {503});
  auto config = quick_config();
  config.retry.backoff_base = config.retry.backoff_max = 10min;
  auto caller = bench.caller(peer.address(), config);
  CHECK(fixtures::must(bench.call(caller, Safe::to_repeat)) == 503);
  CHECK(peer.asked() == 1);
}
