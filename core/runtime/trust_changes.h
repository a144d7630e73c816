// SPDX-License-Identifier: Apache-2.0
// What a change of trust did to live connections: which authorities went, how many connections had
// to go with them, and how long that took.
//
// `begin` gives a ticket; each connection that is retired holds it until it is closed. When nobody
// holds it any more the change is over, and is recorded: log, metric, and the last kKept of them
// for who asks. Every method from any thread; only `wait` blocks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/identity/snapshot.h"
#include "core/metrics/registry.h"

namespace aw::runtime {

// A value.
struct TrustChange {
  struct Withdrawn {
    std::string trust_domain;
    std::string fingerprint;  // of an X.509 authority, SHA-256 in hex
  };
  std::uint64_t number = 0;  // from 1, in the order they began
  WallTime at{};
  std::vector<Withdrawn> withdrawn;
  std::uint64_t connections = 0;  // closed, because their chains verify no longer
  std::chrono::nanoseconds took{0};
};

// X.509 authorities that `before` has and `now` has not.
[[nodiscard]] std::vector<TrustChange::Withdrawn> withdrawn_between(identity::Bundles const& before,
                                                                    identity::Bundles const& now);

class TrustChanges {
 public:
  static constexpr std::size_t kKept = 32;

  // All outlive the last ticket.
  TrustChanges(Clock const& clock, log::Log& log, metrics::Registry& metrics);

  class Ticket {
   public:
    Ticket(TrustChanges& owner, TrustChange change, SteadyTime began);
    ~Ticket();  // the change is over
    Ticket(Ticket const&) = delete;
    Ticket& operator=(Ticket const&) = delete;
    // One more connection goes.
    void count() { ++connections_; }

   private:
    TrustChanges& owner_;
    TrustChange change_;
    SteadyTime const began_;
    std::atomic<std::uint64_t> connections_{0};
  };
  // Shared by everybody who has a part in the change; the last one ends it.
  [[nodiscard]] std::shared_ptr<Ticket> begin(std::vector<TrustChange::Withdrawn> withdrawn);

  // Those that are over, oldest first.
  [[nodiscard]] std::vector<TrustChange> list() const;
  // The number of the last one begun.
  [[nodiscard]] std::uint64_t begun() const;
  // Blocks until every change is over, or `timeout` has passed; then how many connections those
  // with numbers above `after` that withdrew an authority of the domain have closed.
  [[nodiscard]] std::uint64_t wait_closed(std::string_view trust_domain, std::uint64_t after,
                                          std::chrono::nanoseconds timeout) const;

 private:
  void over(TrustChange change);

  Clock const& clock_;
  log::Log& log_;
  metrics::Counter& closed_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable settled_;
  std::uint64_t begun_ = 0;
  std::uint64_t open_ = 0;
  std::deque<TrustChange> past_;
};

}  // namespace aw::runtime
