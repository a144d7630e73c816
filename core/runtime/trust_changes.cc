// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/trust_changes.h"

#include <algorithm>
#include <utility>

namespace aw::runtime {

std::vector<TrustChange::Withdrawn> withdrawn_between(identity::Bundles const& before,
                                                      identity::Bundles const& now) {
  std::vector<TrustChange::Withdrawn> out;
  for (auto const& [domain, bundle] : before) {
    auto const left = now.find(domain);
    for (auto const& authority : bundle.x509_authorities()) {
      bool const stays =
          left != now.end() && std::ranges::find(left->second.x509_authorities(), authority) !=
                                   left->second.x509_authorities().end();
      if (!stays) out.push_back({domain.name(), authority.fingerprint_sha256()});
    }
  }
  return out;
}

TrustChanges::TrustChanges(Clock const& clock, log::Log& log, metrics::Registry& metrics)
    : clock_(clock),
      log_(log),
      closed_(metrics.counter("agentweave_connections_distrusted_total",
                              "Connections closed because their peer's authority was withdrawn.")) {
}

TrustChanges::Ticket::Ticket(TrustChanges& owner, TrustChange change, SteadyTime began)
    : owner_(owner), change_(std::move(change)), began_(began) {}

TrustChanges::Ticket::~Ticket() {
  change_.connections = connections_.load();
  change_.took = owner_.clock_.steady() - began_;
  owner_.over(std::move(change_));
}

std::shared_ptr<TrustChanges::Ticket> TrustChanges::begin(
    std::vector<TrustChange::Withdrawn> withdrawn) {
  std::uint64_t number = 0;
  {
    std::lock_guard const lock(mutex_);
    ++open_;
    number = ++begun_;
  }
  return std::make_shared<Ticket>(
      *this, TrustChange{.number = number, .at = clock_.now(), .withdrawn = std::move(withdrawn)},
      clock_.steady());
}

void TrustChanges::over(TrustChange change) {
  closed_.add(change.connections);
  if (change.connections > 0 || !change.withdrawn.empty()) {
    log_.info(log::Component::identity, "Trust was withdrawn: connections closed",
              {{"authorities", std::to_string(change.withdrawn.size())},
               {"connections", std::to_string(change.connections)},
               {"took", format_duration(change.took)}});
  }
  {
    std::lock_guard const lock(mutex_);
    --open_;
    if (change.connections > 0 || !change.withdrawn.empty()) past_.push_back(std::move(change));
    if (past_.size() > kKept) past_.pop_front();
  }
  settled_.notify_all();
}

std::vector<TrustChange> TrustChanges::list() const {
  std::lock_guard const lock(mutex_);
  return {past_.begin(), past_.end()};
}

std::uint64_t TrustChanges::begun() const {
  std::lock_guard const lock(mutex_);
  return begun_;
}

std::uint64_t TrustChanges::wait_closed(std::string_view trust_domain, std::uint64_t after,
                                        std::chrono::nanoseconds timeout) const {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, timeout, [this] { return open_ == 0; });
  std::uint64_t closed = 0;
  for (auto const& change : past_) {
    bool const of_it = std::ranges::any_of(change.withdrawn, [trust_domain](auto const& one) {
      return one.trust_domain == trust_domain;
    });
    if (change.number > after && of_it) closed += change.connections;
  }
  return closed;
}

}  // namespace aw::runtime
