// SPDX-License-Identifier: Apache-2.0
// Which endpoint is asked next, and until when. Pure but for the breakers, which are shared.
//
// Endpoints knows all endpoints and their breakers: any thread. Failover is one decision's walk
// over them, each at most once: one owner.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/authz/config.h"
#include "core/base/clock.h"
#include "core/io/breaker.h"

namespace aw::authz {

// Their number never changes.
class Endpoints {
 public:
  Endpoints(std::vector<std::string> names, Failover strategy, io::BreakerConfig const& breaker);

  // One server's name and breaker.
  struct Endpoint {
    Endpoint(std::string given, io::BreakerConfig const& config)
        : name(std::move(given)), breaker(config) {}
    std::string const name;
    io::CircuitBreaker breaker;
  };

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] Endpoint& at(std::size_t index) { return *all_[index]; }
  [[nodiscard]] Endpoint const& at(std::size_t index) const { return *all_[index]; }
  // Where the next decision begins: round robin moves on each time, priority never.
  [[nodiscard]] std::size_t first();
  // The soonest that any endpoint may be asked again; at least a second.
  [[nodiscard]] std::chrono::seconds retry_after(SteadyTime now) const;

 private:
  std::vector<std::unique_ptr<Endpoint>> all_;  // not moved: breakers hold a mutex
  Failover const strategy_;
  std::atomic<std::size_t> turn_{0};
};

// One decision's way from endpoint to endpoint; `endpoints` outlives it.
class FailoverWalk {
 public:
  FailoverWalk(Endpoints& endpoints, SteadyTime deadline)
      : endpoints_(endpoints), deadline_(deadline), next_(endpoints.first()) {}
  // A try that was given out and never reported was abandoned (the caller went away).
  ~FailoverWalk();
  FailoverWalk(FailoverWalk const&) = delete;
  FailoverWalk& operator=(FailoverWalk const&) = delete;

  struct Try {
    std::size_t index = 0;
    // This endpoint's share of the time left, so that one that hangs does not eat the others'.
    SteadyTime deadline;
  };
  // nullopt: nobody is left to ask, or no time. Reports the try before as failed if nobody did.
  [[nodiscard]] std::optional<Try> next(SteadyTime now);
  // Each of the two ends the try that `next` gave out; without one they do nothing.
  void succeeded();
  void failed(SteadyTime now);
  [[nodiscard]] std::size_t tries() const { return tries_; }

 private:
  Endpoints& endpoints_;
  SteadyTime const deadline_;
  std::size_t next_;
  std::size_t seen_ = 0;
  std::size_t tries_ = 0;
  std::optional<std::size_t> open_;
};

}  // namespace aw::authz
