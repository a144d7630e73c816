// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/bundle_meters.h"

#include <algorithm>
#include <limits>

namespace aw::runtime {
namespace {

// Old and new authorities overlap during a rotation: what counts is how long any of them lasts.
double last_not_after(identity::Bundle const& bundle) {
  double out = 0;
  for (auto const& authority : bundle.x509_authorities()) {
    out = std::max(out, unix_seconds(authority.not_after()));
  }
  return out;
}

}  // namespace

BundleMeters::BundleMeters(metrics::Registry& registry, Clock const& clock)
    : clock_(clock),
      age_(registry.gauge_family("agentweave_trust_bundle_age_seconds",
                                 "Time since this trust domain's bundle last changed.",
                                 {"trust_domain"})),
      not_after_(registry.gauge_family("agentweave_trust_bundle_not_after_timestamp_seconds",
                                       "When the last of this trust domain's authorities expires.",
                                       {"trust_domain"})) {
  registry.before_scrape([this] { refresh(); });
}

void BundleMeters::take(identity::Bundles const& bundles) {
  std::lock_guard const lock(mutex_);
  auto const now = clock_.now();
  for (auto const& [domain, bundle] : bundles) {
    auto const at = known_.find(domain.name());
    if (at == known_.end()) {
      known_.emplace(domain.name(), Known{bundle, now});
    } else if (!(at->second.bundle == bundle)) {
      at->second = {bundle, now};
    }
  }
  std::erase_if(known_, [&](auto const& one) {
    if (std::ranges::any_of(bundles, [&](auto const& b) { return b.first.name() == one.first; }))
      return false;
    // A series cannot be taken away again; what is not a number fires no alert.
    age_.at({one.first}).set(std::numeric_limits<double>::quiet_NaN());
    not_after_.at({one.first}).set(std::numeric_limits<double>::quiet_NaN());
    return true;
  });
}

void BundleMeters::refresh() {
  std::lock_guard const lock(mutex_);
  auto const now = clock_.now();
  for (auto const& [domain, known] : known_) {
    age_.at({domain}).set(std::max(0.0, unix_seconds(now) - unix_seconds(known.since)));
    not_after_.at({domain}).set(last_not_after(known.bundle));
  }
}

}  // namespace aw::runtime
