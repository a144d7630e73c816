// SPDX-License-Identifier: Apache-2.0
// The numbers that no room counts by itself because they are looked up: queues, breakers, bundles.
#include "core/runtime/parts.h"

namespace aw::runtime {
namespace {

double number(io::CircuitBreaker::State state) {
  switch (state) {
    case io::CircuitBreaker::State::closed:
      return 0;
    case io::CircuitBreaker::State::open:
      return 1;
    case io::CircuitBreaker::State::half_open:
      return 2;
  }
  return 1;
}

}  // namespace

void Runtime::Parts::watch_queues() {
  auto& work = metrics.gauge("agentweave_blocking_work_queued",
                             "Blocking work (disk, names, processes) that waits for a thread.");
  auto& nonces = metrics.gauge("agentweave_replay_nonces", "Nonces remembered against replay.");
  auto& pushes = metrics.gauge("agentweave_push_notifications_waiting",
                               "Events that wait to be delivered to a webhook.");
  auto& spooled =
      metrics.gauge_family("agentweave_audit_spool_bytes",
                           "Audit records that a destination has not taken yet.", {"destination"});
  metrics.before_scrape([this, &work, &nonces, &pushes, &spooled] {
    work.set(static_cast<double>(pool->queued()));
    nonces.set(static_cast<double>(replay->size()));
    pushes.set(static_cast<double>(push->waiting()));
    for (auto const& [destination, bytes] : audit->status().undelivered) {
      spooled.at({destination}).set(static_cast<double>(bytes));
    }
  });
}

void Runtime::Parts::watch_trust() {
  bundle_meters = std::make_unique<BundleMeters>(metrics, clock);
  identity->current().on_change([this](io::Watch<Current>::Seen const& seen) {
    if (seen.value->snapshot) bundle_meters->take(seen.value->snapshot->bundles);
  });
  if (auto const now = current()) bundle_meters->take(now->snapshot().bundles);
}

// Peers are those that the own agent called: few, and the registry bounds them.
void Runtime::Parts::watch_breakers() {
  auto& states = metrics.gauge_family("agentweave_circuit_breaker_state",
                                      "Calls to a peer: 0 closed, 1 open (not tried), 2 half open.",
                                      {"agent_name", "peer_id"});
  states.at({config.agent.name, ""}).set(0);
  metrics.before_scrape([this, &states] {
    double worst = 0;
    for (auto const& [peer, state] : outbound_caller->breakers()) {
      states.at({config.agent.name, peer}).set(number(state));
      if (state == io::CircuitBreaker::State::open) worst = 1;
    }
    states.at({config.agent.name, ""}).set(worst);
  });
}

}  // namespace aw::runtime
