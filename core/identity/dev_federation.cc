// SPDX-License-Identifier: Apache-2.0
#include "core/identity/dev_federation.h"

#include <utility>

#include "core/identity/workload_client.h"
#include "core/identity/workload_fetch.h"

namespace aw::identity {
namespace {

constexpr auto kAnswer = std::chrono::seconds(2);

}  // namespace

struct DevFederation::Impl {
  Impl(DevIssuer& the_issuer, std::string the_endpoint, Clock const& clock, log::Log& the_log)
      : issuer(the_issuer),
        endpoint(std::move(the_endpoint)),
        log(the_log),
        provider({.endpoint = endpoint}, clock, the_log) {}

  // On the provider's thread, for each state of the other.
  void take_over(Snapshot const& state);
  [[nodiscard]] Result<void> take_bundle(TrustDomain const& domain);

  DevIssuer& issuer;
  std::string const endpoint;
  log::Log& log;
  io::Watch<Snapshot> watch;
  WorkloadApiProvider provider;  // last: its thread uses all of the above
};

// The stream tells when to look; the answer to the question has the JWT authorities too.
Result<void> DevFederation::Impl::take_bundle(TrustDomain const& domain) {
  AW_TRY(auto const address, WorkloadEndpoint::parse(endpoint));
  AW_TRY(auto const bundles, fetch_bundles(address, kAnswer));
  auto const found = bundles.find(domain);
  if (found == bundles.end())
    return make_error(Code::no_bundle, endpoint + " has no bundle of its own " + domain.name());
  return issuer.add_federated(found->second);
}

void DevFederation::Impl::take_over(Snapshot const& state) {
  if (!state.has_identity()) return;  // its workload lost its identity; its trust domain stands
  auto const taken = take_bundle(state.svid().id.trust_domain());
  if (!taken.ok())
    log.failed(log::Component::identity, log::Level::warning, "cannot federate", taken.error());
}

DevFederation::DevFederation(DevIssuer& issuer, std::string endpoint, Clock const& clock,
                             log::Log& log)
    : impl_(std::make_unique<Impl>(issuer, std::move(endpoint), clock, log)) {
  impl_->watch.on_change([self = impl_.get()](io::Watch<Snapshot>::Seen const& seen) {
    self->take_over(*seen.value);
  });
}

DevFederation::~DevFederation() { stop(); }

Result<void> DevFederation::start() { return impl_->provider.start(impl_->watch); }

void DevFederation::stop() { impl_->provider.stop(); }

}  // namespace aw::identity
