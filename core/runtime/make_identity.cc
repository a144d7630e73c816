// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/make_identity.h"

#include "core/identity/dev_provider.h"
#include "core/identity/static_provider.h"
#include "core/identity/workload_client.h"

namespace aw::runtime {
namespace {

using identity::SpiffeId;
using identity::TrustDomain;

Result<std::unique_ptr<identity::IdentityProvider>> make_dev(config::Config const& config,
                                                             Clock const& clock) {
  AW_TRY(auto domain, TrustDomain::parse(config.agent.trust_domain));
  AW_TRY(auto self, SpiffeId::make(domain, "/agent/" + config.agent.name));
  AW_TRY(auto client, SpiffeId::make(domain, "/agent/client"));
  identity::DevProviderOptions options{
      .issuer = {.domain = domain,
                 .identities = {{.id = self,
                                 .name = config.agent.name,
                                 .dns_names = {"localhost", config.agent.name}}},
                 .svid_ttl = config.identity.dev.svid_ttl},
      .socket = config.identity.dev.socket};
  if (config.agent.name != "client") {
    options.issuer.identities.push_back(
        {.id = client, .name = "client", .dns_names = {"localhost"}});
  }
  AW_TRY(auto provider, identity::DevProvider::create(std::move(options), clock));
  return std::unique_ptr<identity::IdentityProvider>(std::move(provider));
}

Result<std::unique_ptr<identity::IdentityProvider>> make_static(config::Config const& config,
                                                                Clock const& clock) {
  identity::StaticFiles files{.certificate = config.identity.files.certificate,
                              .key = config.identity.files.private_key,
                              .authorities = config.identity.files.ca,
                              .federated = {},
                              .expected_id = std::nullopt};
  if (!config.identity.spiffe_id.empty()) {
    AW_TRY(auto id, SpiffeId::parse(config.identity.spiffe_id));
    files.expected_id = std::move(id);
  }
  return std::unique_ptr<identity::IdentityProvider>(
      std::make_unique<identity::StaticProvider>(std::move(files), clock));
}

}  // namespace

Result<std::unique_ptr<identity::IdentityProvider>> make_identity_provider(
    config::Config const& config, Clock const& clock, log::Log& log) {
  switch (config.identity.provider) {
    case identity::Provider::dev:
      return make_dev(config, clock);
    case identity::Provider::mtls_static:
      return make_static(config, clock);
    case identity::Provider::spiffe:
      break;
  }
  identity::WorkloadClientOptions options;
  options.endpoint = config.identity.spiffe_endpoint;
  return std::unique_ptr<identity::IdentityProvider>(
      std::make_unique<identity::WorkloadApiProvider>(std::move(options), clock, log));
}

Result<identity::CredentialsSpec> credentials_spec(config::Config const& config) {
  identity::CredentialsSpec spec;
  spec.min_version = config.tls.min_version;
  spec.crypto = config.tls.library;
  for (auto const& name : config.identity.allowed_trust_domains) {
    AW_TRY(auto domain, TrustDomain::parse(name));
    spec.allowed.insert(std::move(domain));
  }
  return spec;
}

}  // namespace aw::runtime
