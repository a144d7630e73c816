// SPDX-License-Identifier: Apache-2.0
#include "core/testing/mock_identity_provider.h"

#include <mutex>
#include <stdexcept>
#include <utility>

#include "core/identity/spiffe_id.h"
#include "core/tls/mint.h"

namespace aw::testing {
namespace {

constexpr std::chrono::minutes kBackdated{1};
constexpr std::chrono::hours kCaLife{24 * 365};

template <class T>
T must(Result<T> result) {
  if (!result.ok()) throw std::invalid_argument(result.error().text());
  return std::move(result).value();
}

}  // namespace

struct MockTrustDomain::Impl {
  Impl(std::string_view name, Clock const* given)
      : clock(given != nullptr ? *given : system),
        domain(must(identity::TrustDomain::parse(name))),
        authority(must(tls::make_ca(
            tls::ca_spec(domain.id(), clock.now() - kBackdated, clock.now() + kCaLife)))) {}

  SystemClock const system;
  Clock const& clock;
  identity::TrustDomain const domain;
  tls::Authority const authority;
};

MockTrustDomain::MockTrustDomain(std::string_view name, Clock const* clock)
    : impl_(std::make_unique<Impl>(name, clock)) {}
MockTrustDomain::~MockTrustDomain() = default;

std::string const& MockTrustDomain::name() const { return impl_->domain.name(); }
std::string MockTrustDomain::bundle_pem() const { return impl_->authority.certificate.pem(); }

sdk::IdentityMaterial MockTrustDomain::issue(std::string_view spiffe_id,
                                             std::chrono::nanoseconds lifetime) const {
  auto const id = must(identity::SpiffeId::parse(spiffe_id));
  if (id.trust_domain() != impl_->domain)
    throw std::invalid_argument(id.text() + " is none of " + impl_->domain.name());
  auto const now = impl_->clock.now();
  auto spec = tls::leaf_spec(id.text(), now - kBackdated, now + lifetime);
  spec.dns_names = {"localhost"};
  auto const key = must(tls::PrivateKey::generate(tls::KeyType::p256));
  auto const leaf = must(tls::issue(spec, impl_->authority, key));
  return {.certificate_chain = leaf.pem(),
          .private_key = must(key.pem()),
          .bundles = {{name(), bundle_pem()}}};
}

struct MockIdentityProvider::Impl {
  Impl(std::shared_ptr<const MockTrustDomain> the_domain, std::string_view the_id,
       std::chrono::nanoseconds how_long)
      : domain(std::move(the_domain)), id(the_id), lifetime(how_long) {
    static_cast<void>(domain->issue(id, lifetime));  // an ID that is none: throws here
  }

  // Shared by the identities of one domain, which go in any order.
  std::shared_ptr<const MockTrustDomain> const domain;
  std::string const id;
  std::chrono::nanoseconds const lifetime;
  std::mutex mutex;
  Publish publish;                            // guarded; empty before start and after stop
  std::map<std::string, std::string> others;  // guarded: federated bundles
  int rotations = 0;                          // guarded

  enum class What { identity, nothing };
  Result<void> tell(What what) {
    Publish to;
    sdk::IdentityMaterial material;
    {
      std::lock_guard const lock(mutex);
      to = publish;
      if (what == What::identity) {
        material = domain->issue(id, lifetime);
        material.bundles.insert(others.begin(), others.end());
      }
    }
    return to ? to(std::move(material)) : Result<void>();
  }
};

MockIdentityProvider::MockIdentityProvider(std::string_view spiffe_id,
                                           std::chrono::nanoseconds lifetime)
    : MockIdentityProvider(std::make_shared<const MockTrustDomain>(
                               must(identity::SpiffeId::parse(spiffe_id)).trust_domain().name()),
                           spiffe_id, lifetime) {}

MockIdentityProvider::MockIdentityProvider(std::shared_ptr<const MockTrustDomain> domain,
                                           std::string_view spiffe_id,
                                           std::chrono::nanoseconds lifetime)
    : impl_(std::make_unique<Impl>(std::move(domain), spiffe_id, lifetime)) {}

MockIdentityProvider::~MockIdentityProvider() = default;

Result<void> MockIdentityProvider::start(Publish publish) {
  {
    std::lock_guard const lock(impl_->mutex);
    impl_->publish = std::move(publish);
  }
  return impl_->tell(Impl::What::identity);
}

void MockIdentityProvider::stop() {
  std::lock_guard const lock(impl_->mutex);
  impl_->publish = nullptr;
}

std::string const& MockIdentityProvider::spiffe_id() const { return impl_->id; }

int MockIdentityProvider::rotations() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->rotations;
}

Result<void> MockIdentityProvider::rotate() {
  {
    std::lock_guard const lock(impl_->mutex);
    ++impl_->rotations;
  }
  return impl_->tell(Impl::What::identity);
}

Result<void> MockIdentityProvider::withdraw() { return impl_->tell(Impl::What::nothing); }

Result<void> MockIdentityProvider::federate(MockTrustDomain const& other) {
  {
    std::lock_guard const lock(impl_->mutex);
    impl_->others[other.name()] = other.bundle_pem();
  }
  return impl_->tell(Impl::What::identity);
}

}  // namespace aw::testing
