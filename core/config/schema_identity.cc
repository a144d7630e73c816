// SPDX-License-Identifier: Apache-2.0
// Rows of `identity`.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

Slot federation_slot(Config& config, std::size_t /*index*/) {
  return MapsSlot{[&config] { return config.identity.federation.size(); },
                  [&config](std::size_t size) { config.identity.federation.resize(size); }};
}

void add_federation(std::vector<Field>& rows) {
  using C = Config;
  using I = identity::Config;
  using F = identity::FederationConfig;
  using P = identity::EndpointProfile;
  rows.push_back(special("identity.federation",
                         "bundle endpoints of other trust domains, beside the Workload API",
                         Type::maps, federation_slot)
                     .example("[{trust_domain: eu.example.com, url: "
                              "\"https://spire.eu.example.com/bundle\"}]"));
  auto const row = [](std::string const& key, std::string help, std::string F::* member) {
    return field("identity.federation[]." + key, std::move(help), &C::identity, &I::federation,
                 member);
  };
  rows.push_back(row("trust_domain", "whose bundle it is", &F::trust_domain)
                     .required()
                     .checked(checks::trust_domain, "a SPIFFE trust domain name"));
  rows.push_back(row("url", "where it is served", &F::url)
                     .required()
                     .checked(checks::http_url, "https://host…")
                     .matching("^https://"));
  rows.push_back(choice("identity.federation[].profile",
                        "how the endpoint proves itself: by its host name or a SPIFFE ID",
                        {name("https_web", P::https_web), name("https_spiffe", P::https_spiffe)},
                        &C::identity, &I::federation, &F::profile));
  rows.push_back(row("endpoint_spiffe_id", "https_spiffe: who must answer", &F::endpoint_spiffe_id)
                     .checked(checks::spiffe_id, "spiffe://trust-domain/path"));
  rows.push_back(row("bootstrap", "a bundle (SPIFFE JSON) to begin with; https_spiffe needs one",
                     &F::bootstrap)
                     .file());
  rows.push_back(
      row("ca_path", "https_web: PEM authorities instead of the machine's", &F::ca_path).file());
}

}  // namespace

void add_identity(std::vector<Field>& rows) {
  using C = Config;
  using I = identity::Config;
  using F = identity::StaticPaths;
  using D = identity::DevConfig;
  const auto at = &C::identity;
  rows.push_back(
      choice("identity.provider", "where the SVID comes from; production takes only spiffe",
             {name("spiffe", identity::Provider::spiffe),
              name("mtls-static", identity::Provider::mtls_static),
              name("dev", identity::Provider::dev), old_name("spire", identity::Provider::spiffe)},
             at, &I::provider));
  rows.push_back(field("identity.spiffe_endpoint", "address of the SPIFFE Workload API", at,
                       &I::spiffe_endpoint)
                     .env("SPIFFE_ENDPOINT_SOCKET")
                     .checked(checks::spiffe_endpoint, "unix:///path or tcp://address:port")
                     .matching("^(unix|tcp)://"));
  rows.push_back(field("identity.spiffe_id",
                       "the SPIFFE ID to expect; a different SVID is reported, not refused", at,
                       &I::spiffe_id)
                     .env("AGENTWEAVE_SPIFFE_ID")
                     .checked(checks::spiffe_id, "spiffe://trust-domain/path")
                     .example("spiffe://corp.example/agent/billing"));
  rows.push_back(field("identity.allowed_trust_domains",
                       "trust domains whose members may call, besides the own one", at,
                       &I::allowed_trust_domains)
                     .checked(checks::trust_domain, "SPIFFE trust domain names, never *")
                     .example("[us.example.com, eu.example.com]"));
  add_federation(rows);
  rows.push_back(field("identity.certificate_path", "mtls-static: PEM chain, leaf first", at,
                       &I::files, &F::certificate)
                     .file()
                     .env("AGENTWEAVE_CERT_PATH"));
  rows.push_back(field("identity.private_key_path", "mtls-static: PEM key, mode 0600", at,
                       &I::files, &F::private_key)
                     .file()
                     .env("AGENTWEAVE_KEY_PATH"));
  rows.push_back(
      field("identity.ca_cert_path", "mtls-static: PEM trust bundle", at, &I::files, &F::ca)
          .file()
          .env("AGENTWEAVE_CA_BUNDLE_PATH"));
  rows.push_back(field("identity.dev.socket", "dev: unix path of the Workload API it serves", at,
                       &I::dev, &D::socket)
                     .made());
  rows.push_back(field("identity.dev.svid_ttl", "dev: lifetime of the SVIDs it issues", at, &I::dev,
                       &D::svid_ttl)
                     .in(1, 86'400));
  rows.push_back(field("identity.first_fetch_timeout", "how long start-up waits for the first SVID",
                       at, &I::first_fetch_timeout)
                     .in(0.1, 3600));
  rows.push_back(field("identity.on_svid_update", "a command run after each new SVID; no shell", at,
                       &I::on_svid_update)
                     .program()
                     .example("[systemctl, reload, nginx]"));
}

}  // namespace aw::config
