// SPDX-License-Identifier: Apache-2.0
// What the tests of federation share: an endpoint that answers what it is told to, the provider
// that asks it, and what that keeps.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/identity/federation.h"
#include "core/testing/manual_clock.h"
#include "tests/fixtures/ca.h"
#include "tests/unit/identity/identity_kit.h"

namespace aw::identity::test {

// Publishes what it is told to.
class OwnSource final : public IdentityProvider {
 public:
  explicit OwnSource(std::shared_ptr<const Snapshot> first) : first_(std::move(first)) {}
  Result<void> start(io::Watch<Snapshot>& watch) override {
    watch_ = &watch;
    watch.publish(first_);
    return {};
  }
  void stop() override {}
  [[nodiscard]] ProviderStatus status() const override { return {}; }
  void publish(std::shared_ptr<const Snapshot> next) { watch_->publish(std::move(next)); }

 private:
  std::shared_ptr<const Snapshot> const first_;
  io::Watch<Snapshot>* watch_ = nullptr;
};

inline Bundle sequenced(fixtures::TestCa const& ca, std::uint64_t sequence,
                        std::chrono::seconds hint = std::chrono::minutes(5)) {
  BundleContent content;
  content.x509_authorities = {ca.pki().certificate()};
  content.sequence = sequence;
  content.refresh_hint = hint;
  return fixtures::must(Bundle::make(ca.domain(), std::move(content)));
}

// By web PKI.
inline FederationSource by_web(std::string const& domain) {
  return fixtures::must(
      parse_source({.trust_domain = domain, .url = "https://" + domain + "/bundle"}));
}

inline FederationSource by_spiffe_id() {
  return fixtures::must(parse_source({.trust_domain = "eu.test",
                                      .url = "https://eu.test/",
                                      .profile = EndpointProfile::https_spiffe,
                                      .endpoint_spiffe_id = "spiffe://eu.test/server"}));
}

// An endpoint that answers what it is told to, and the provider that asks it. The provider's own
// thread is not started: `fetch` is called as it would.
struct Federated {
  testing::ManualClock clock;
  std::unique_ptr<log::Log> log = log::Log::silent();
  fixtures::TestCa us{"us.test", tls::KeyType::p256, clock.now()};
  fixtures::TestCa eu{"eu.test", tls::KeyType::p256, clock.now()};
  Result<std::string> answer = make_error(Code::connect, "no endpoint");
  std::optional<Bundle> vouched;  // for the endpoint, when it was last asked
  int kept = 0;
  Result<void> disk;  // what comes of keeping
  FetchedBundles kept_bundles;
  std::vector<std::string> kept_sources;
  std::function<void()> meanwhile;  // while the endpoint is asked
  OwnSource* own = nullptr;
  io::Watch<Snapshot> watch;
  std::unique_ptr<FederatedProvider> provider;

  Federated() {
    auto source = std::make_unique<OwnSource>(fixtures::snapshot(us, "/agent/a"));
    own = source.get();
    provider = std::make_unique<FederatedProvider>(
        std::move(source),
        FederatedProvider::Needs{.fetch =
                                     [this](FederationSource const&, Bundle const* trusted) {
                                       vouched.reset();
                                       if (trusted != nullptr) vouched = *trusted;
                                       if (meanwhile) meanwhile();
                                       return answer;
                                     },
                                 .clock = clock,
                                 .log = *log,
                                 .keep =
                                     [this](auto const& sources, auto const& bundles) {
                                       ++kept;
                                       if (!disk.ok()) return disk;
                                       kept_bundles = bundles;
                                       kept_sources.clear();
                                       for (auto const& one : sources)
                                         kept_sources.push_back(one.domain.name());
                                       return disk;
                                     },
                                 .fetching = FederatedProvider::Fetching::when_asked});
  }
  // Only the watch, no thread that fetches by itself.
  void begin(FederationSource::From from, std::optional<Bundle> bootstrap = std::nullopt) {
    REQUIRE(provider->start(watch).ok());
    auto source = by_web("eu.test");
    source.from = from;
    provider->add(std::move(source), std::move(bootstrap));
  }
  [[nodiscard]] bool knows(fixtures::TestCa const& ca) const {
    return watch.latest().value->bundles.contains(ca.domain());
  }
  [[nodiscard]] FederationStatus status() const {
    for (auto const& one : provider->federated())
      if (one.domain == "eu.test") return one;
    FAIL("no status of eu.test");
    return {};
  }
};

}  // namespace aw::identity::test
