// SPDX-License-Identifier: Apache-2.0
// Gate 8 of the outbound direction: the request on its way to the peer, over mutual TLS as
// ourselves, tried again where that is safe.
//
// Any loop; shared. What it is given outlives it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/a2a/config.h"
#include "core/base/clock.h"
#include "core/http/client.h"
#include "core/http/config.h"
#include "core/identity/credentials.h"
#include "core/io/breaker.h"
#include "core/io/task.h"

namespace aw::server {

// May the request be done twice? Reads may; anything else only when it surely never arrived.
enum class Safe : std::uint8_t { to_repeat, once };

class OutboundCaller {
 public:
  // `client` and `clock` outlive it.
  OutboundCaller(http::ClientConfig config, a2a::DiscoveryConfig discovery, http::Client& client,
                 Clock const& clock)
      : config_(std::move(config)),
        discovery_(std::move(discovery)),
        client_(client),
        clock_(clock) {}

  [[nodiscard]] a2a::DiscoveryConfig const& discovery() const { return discovery_; }
  [[nodiscard]] std::chrono::nanoseconds timeout() const { return config_.timeout; }

  // The head of the answer. Each try carries a fresh nonce. Errors: those of http::Client,
  // Code::overloaded while the peer's breaker is open.
  [[nodiscard]] io::Task<Result<std::unique_ptr<http::ResponseStream>>> call(
      std::shared_ptr<const identity::Credentials> credentials, identity::SpiffeId id,
      http::Request request, Safe safe, SteadyTime deadline);

  // How the peers that were called stand now, by SPIFFE ID.
  [[nodiscard]] std::map<std::string, io::CircuitBreaker::State> breakers();

 private:
  using Opened = Result<std::unique_ptr<http::ResponseStream>>;
  [[nodiscard]] io::Task<Opened> once(http::Endpoint endpoint, http::Request request,
                                      http::Security const& security, SteadyTime deadline);
  [[nodiscard]] std::shared_ptr<io::CircuitBreaker> breaker_of(identity::SpiffeId const& id);
  // Connection refused: always. Anything else that says nobody answered, and the configured
  // statuses: only when the request may be repeated.
  [[nodiscard]] bool worth_another(Opened const& opened, Safe safe) const;

  http::ClientConfig const config_;
  a2a::DiscoveryConfig const discovery_;
  http::Client& client_;
  Clock const& clock_;
  std::mutex mutex_;
  // Guarded by mutex_; shared with the calls that hold one.
  std::map<std::string, std::shared_ptr<io::CircuitBreaker>> breakers_;
};

}  // namespace aw::server
