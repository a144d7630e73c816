// SPDX-License-Identifier: Apache-2.0
#include "core/server/outbound_call.h"

#include <algorithm>

#include "core/a2a/discovery.h"
#include "core/a2a/remote.h"
#include "core/a2a/replay_headers.h"
#include "core/io/backoff.h"

namespace aw::server {
namespace {

constexpr std::size_t kMostBreakers = 1024;

// That the peer is the wrong one, or refuses us, is an answer; that nothing answers is not.
bool unreachable(Error const& error) {
  return error.code == Code::connect || error.code == Code::io || error.code == Code::timeout;
}

// A try that was let through must be told how it ended, or a half-open breaker waits for it
// forever.
class Trial {
 public:
  explicit Trial(io::CircuitBreaker& breaker) : breaker_(breaker) {}
  ~Trial() {
    if (!told_) breaker_.abandoned();  // cancelled while it waited
  }
  Trial(Trial const&) = delete;
  Trial& operator=(Trial const&) = delete;

  // Null: it was answered.
  void ended(Error const* error, SteadyTime now) {
    if (error != nullptr && ours(*error)) return;
    told_ = true;
    if (error == nullptr || !unreachable(*error)) {
      breaker_.succeeded();
    } else {
      breaker_.failed(now);
    }
  }

 private:
  // Says nothing about the peer.
  static bool ours(Error const& error) {
    return error.code == Code::interrupted || error.code == Code::overloaded ||
           error.code == Code::no_svid || error.code == Code::tls_setup;
  }

  io::CircuitBreaker& breaker_;
  bool told_ = false;
};

}  // namespace

std::shared_ptr<io::CircuitBreaker> OutboundCaller::breaker_of(identity::SpiffeId const& id) {
  std::lock_guard const lock(mutex_);
  auto const found = breakers_.find(id.text());
  if (found != breakers_.end()) return found->second;
  if (breakers_.size() >= kMostBreakers) breakers_.clear();
  auto made = std::make_shared<io::CircuitBreaker>(config_.breaker);
  breakers_.emplace(id.text(), made);
  return made;
}

std::map<std::string, io::CircuitBreaker::State> OutboundCaller::breakers() {
  std::lock_guard const lock(mutex_);
  std::map<std::string, io::CircuitBreaker::State> out;
  for (auto const& [id, breaker] : breakers_) out.emplace(id, breaker->state(clock_.steady()));
  return out;
}

bool OutboundCaller::worth_another(Opened const& opened, Safe safe) const {
  if (!opened.ok())
    return opened.error().code == Code::connect ||
           (safe == Safe::to_repeat && unreachable(opened.error()));
  auto const& statuses = config_.retry.retryable_status_codes;
  return safe == Safe::to_repeat &&
         std::ranges::find(statuses, (*opened)->status()) != statuses.end();
}

io::Task<OutboundCaller::Opened> OutboundCaller::once(http::Endpoint endpoint,
                                                      http::Request request,
                                                      http::Security const& security,
                                                      SteadyTime deadline) {
  auto const fresh = a2a::fresh_replay_headers(clock_.now());
  request.headers.set(a2a::kNonceHeader, fresh.nonce);
  request.headers.set(a2a::kTimestampHeader, fresh.timestamp);
  http::CallOptions const options{
      .deadline = deadline, .security = &security, .repeat = http::Repeat::never};
  co_return co_await client_.open(std::move(endpoint), std::move(request), options);
}

io::Task<OutboundCaller::Opened> OutboundCaller::call(
    std::shared_ptr<const identity::Credentials> credentials, identity::SpiffeId id,
    http::Request request, Safe safe, SteadyTime deadline) {
  AW_CO_TRY(auto const endpoint, a2a::target_endpoint(id, discovery_, {}));
  auto const security = a2a::spiffe_security(credentials, id);
  auto const breaker = breaker_of(id);
  io::Backoff backoff(config_.retry.backoff_base, config_.retry.backoff_max);
  for (std::uint32_t attempt = 1;; ++attempt) {
    if (!breaker->admit(clock_.steady()))
      co_return make_error(Code::overloaded, id.text() + " did not answer lately",
                           "its breaker is open: transport.circuit_breaker");
    Trial trial(*breaker);
    auto opened = co_await once(endpoint, request, security, deadline);
    trial.ended(opened.ok() ? nullptr : &opened.error(), clock_.steady());
    if (attempt >= config_.retry.max_attempts || !worth_another(opened, safe)) co_return opened;
    auto const next = clock_.steady() + backoff.next();
    if (next >= deadline) co_return opened;
    co_await io::sleep_until(next);
  }
}

}  // namespace aw::server
