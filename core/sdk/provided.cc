// SPDX-License-Identifier: Apache-2.0
#include "core/sdk/provided.h"

#include <exception>
#include <mutex>
#include <utility>

#include "core/identity/provider_journal.h"

namespace aw::sdk {
namespace {

class ProvidedIdentity final : public identity::IdentityProvider {
 public:
  ProvidedIdentity(std::unique_ptr<sdk::IdentityProvider> provider, Clock const& clock)
      : provider_(std::move(provider)), clock_(clock) {}
  ~ProvidedIdentity() override { stop(); }

  Result<void> start(io::Watch<identity::Snapshot>& watch) override {
    {
      std::lock_guard const lock(mutex_);
      watch_ = &watch;
    }
    return provider_->start([this](IdentityMaterial const& material) { return take(material); });
  }

  void stop() override {
    provider_->stop();
    std::lock_guard const lock(mutex_);
    watch_ = nullptr;
  }

  [[nodiscard]] identity::ProviderStatus status() const override {
    return journal_.status(clock_.now());
  }

 private:
  Result<void> take(IdentityMaterial const& material) {
    auto read = read_material(material, clock_.now());
    std::lock_guard const lock(mutex_);
    if (watch_ == nullptr) return make_error(Code::draining, "the agent has stopped");
    if (!read.ok()) {
      journal_.malformed(read.error());
      return std::move(read).error();
    }
    read->generation = ++generation_;
    if (read->has_identity()) {
      journal_.arrived(*read);
    } else {
      journal_.denied(make_error(Code::workload_api_denied, "the provider withdrew the identity"),
                      clock_.now());
    }
    watch_->publish(std::move(read).value());
    return {};
  }

  std::unique_ptr<sdk::IdentityProvider> const provider_;
  Clock const& clock_;
  identity::ProviderJournal journal_;
  std::mutex mutex_;                                // also keeps publications in their order
  io::Watch<identity::Snapshot>* watch_ = nullptr;  // guarded; null before start and after stop
  std::uint64_t generation_ = 0;                    // guarded by mutex_
};

class ProvidedAuthorization final : public authz::AuthorizationProvider {
 public:
  explicit ProvidedAuthorization(std::unique_ptr<sdk::AuthorizationProvider> provider)
      : provider_(std::move(provider)) {}

  io::Task<AuthzDecision> authorize(AuthzContext const& context) override {
    co_return decide(context);
  }
  [[nodiscard]] authz::ProviderStatus status() const override {
    authz::ProviderStatus out;
    out.state = authz::ProviderStatus::State::ready;
    out.kind = "custom";
    return out;
  }

 private:
  AuthzDecision decide(AuthzContext const& context) const {
    try {
      auto decision = provider_->authorize(context);
      if (decision.decided_by.empty()) decision.decided_by = "custom";
      return decision;
    } catch (std::exception const&) {
      return authz::deny("provider_threw", Code::internal);
    }
  }

  std::unique_ptr<sdk::AuthorizationProvider> const provider_;
};

}  // namespace

Result<identity::Snapshot> read_material(IdentityMaterial const& material, WallTime now) {
  identity::Snapshot out;
  out.received = now;
  for (auto const& [name, pem] : material.bundles) {
    AW_TRY(auto domain, identity::TrustDomain::parse(name));
    AW_TRY(auto bundle, identity::Bundle::parse_pem(domain, pem));
    out.bundles.emplace(std::move(domain), std::move(bundle));
  }
  if (material.certificate_chain.empty()) return out;
  AW_TRY(auto chain, tls::Certificate::parse_pem_chain(material.certificate_chain));
  AW_TRY(auto key, tls::PrivateKey::from_pem(material.private_key.reveal()));
  AW_TRY(auto svid, identity::make_svid(std::move(chain), std::move(key)));
  auto const& own = svid.id.trust_domain();
  if (!out.bundles.contains(own))
    return make_error(Code::no_bundle, "no bundle of the own trust domain " + own.name());
  out.svids.push_back(std::move(svid));
  return out;
}

SvidInfo info_of(identity::Svid const& svid) {
  return {.spiffe_id = svid.id.text(),
          .fingerprint = svid.leaf().fingerprint_sha256(),
          .not_before = svid.not_before(),
          .not_after = svid.not_after()};
}

std::unique_ptr<identity::IdentityProvider> provided_identity(
    std::unique_ptr<IdentityProvider> provider, Clock const& clock) {
  return std::make_unique<ProvidedIdentity>(std::move(provider), clock);
}

std::unique_ptr<authz::AuthorizationProvider> provided_authorization(
    std::unique_ptr<AuthorizationProvider> provider) {
  return std::make_unique<ProvidedAuthorization>(std::move(provider));
}

}  // namespace aw::sdk
