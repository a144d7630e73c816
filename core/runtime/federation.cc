// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/federation.h"

#include <utility>

#include "core/base/fs.h"
#include "core/http/web_security.h"
#include "core/identity/federation_kept.h"
#include "core/identity/peer.h"
#include "core/tls/mint.h"

namespace aw::runtime {
namespace {

using identity::Bundle;
using identity::FederationSource;
using identity::KeptFederation;

constexpr std::chrono::seconds kFetchPatience{10};

std::filesystem::path kept_file(config::Config const& config) {
  return std::filesystem::path(config.server.state.directory) / "federation.json";
}

// Trusted for the endpoint alone: no other domain's authority is looked at.
Result<http::Security> endpoint_security(FederationSource const& source, Bundle const* trusted,
                                         Clock const& clock) {
  if (!source.endpoint_id) return http::web_security(source.ca_file);
  auto const id = *source.endpoint_id;
  if (trusted == nullptr)
    return make_error(Code::no_bundle,
                      "no bundle yet to verify the endpoint " + id.text() + " with",
                      "give a bootstrap bundle");
  auto const verify = [id, bundle = *trusted,
                       &clock](std::span<const tls::Certificate> chain) -> Result<void> {
    AW_TRY(auto const peer, identity::verify_peer(chain, {{bundle.trust_domain(), bundle}},
                                                  {bundle.trust_domain()}, clock.now()));
    if (peer.id == id) return {};
    return make_error(Code::peer_mismatch,
                      "expected " + id.text() + ", but the endpoint is " + peer.id.text());
  };
  // The endpoint authenticates nobody: a key of the moment serves where a client's is asked for.
  AW_TRY(auto key, tls::PrivateKey::generate(tls::KeyType::p256));
  AW_TRY(auto shown, tls::self_sign(tls::leaf_spec("spiffe://nobody.invalid/bundle-client",
                                                   clock.now() - std::chrono::minutes(1),
                                                   clock.now() + std::chrono::hours(1)),
                                    key));
  tls::ContextSpec spec;
  spec.chain = {std::move(shown)};
  spec.key = std::move(key);
  spec.verify = verify;
  spec.alpn = {"http/1.1"};
  spec.crypto = tls::Crypto::standard;
  AW_TRY(auto context, tls::Context::client(std::move(spec)));
  http::Security out;
  out.name = "bundle endpoint " + id.text();
  out.context = [context]() -> Result<std::shared_ptr<const tls::Context>> { return context; };
  out.check = verify;
  return out;
}

// Whole, or as it was before: a reader never sees half of it.
Result<void> keep(config::Config const& config, std::vector<FederationSource> const& sources,
                  identity::FetchedBundles const& bundles) {
  return fs::write_file_atomic(kept_file(config), identity::kept_federation_text(sources, bundles),
                               fs::Mode::private_file);
}

Result<KeptFederation> read_kept(config::Config const& config) {
  if (config.server.state.directory.empty() || !std::filesystem::exists(kept_file(config)))
    return KeptFederation{};
  AW_TRY(auto const text, fs::read_file(kept_file(config), KeptFederation::kMaxBytes));
  return identity::parse_kept_federation(text);
}

// What was learned last, unless what the file brings is newer. When it is too old, the file's still
// vouches for the endpoint.
void add_known(identity::FederatedProvider& to, FederationSource source,
               std::optional<Bundle> bootstrap, KeptFederation const& kept) {
  auto const known = kept.bundles.find(source.domain.name());
  if (known == kept.bundles.end()) return to.add(std::move(source), std::move(bootstrap));
  auto const& [bundle, seen] = known->second;
  bool const newer = bootstrap && bootstrap->sequence() && bundle.sequence() &&
                     *bootstrap->sequence() > *bundle.sequence();
  if (newer) return to.add(std::move(source), std::move(bootstrap));
  to.add(std::move(source), bundle, seen, std::move(bootstrap));
}

}  // namespace

Result<std::string> fetch_bundle_document(FederationSource const& source, Bundle const* trusted,
                                          Clock const& clock) {
  AW_TRY(auto const url, http::parse_url(source.url));
  AW_TRY(auto const security, endpoint_security(source, trusted, clock));
  io::BlockingPool pool(1, 4);
  http::ClientConfig config;
  config.timeout = kFetchPatience;
  http::Client client(config, pool, clock);
  http::Request request;
  request.set_target(url.target);
  request.headers.set("accept", "application/json");
  http::CallOptions const options{.deadline = steady_now() + kFetchPatience,
                                  .max_body = Bundle::kMaxJsonBytes,
                                  .security = &security};
  AW_TRY(auto answer, io::run_blocking(client.send(url.endpoint, std::move(request), options)));
  if (answer.status == 200) return std::move(answer.body);
  return make_error(Code::protocol, "the bundle endpoint answers " + std::to_string(answer.status));
}

Result<std::unique_ptr<identity::FederatedProvider>> federate(
    config::Config const& config, std::unique_ptr<identity::IdentityProvider> own,
    Clock const& clock, log::Log& log) {
  identity::FederatedProvider::Needs needs{
      .fetch = [&clock](
                   FederationSource const& source,
                   Bundle const* trusted) { return fetch_bundle_document(source, trusted, clock); },
      .clock = clock,
      .log = log,
      .keep = {}};
  if (!config.server.state.directory.empty()) {
    AW_TRY(fs::make_private_directory(config.server.state.directory));
    needs.keep = [config](auto const& sources, auto const& bundles) {
      return keep(config, sources, bundles);
    };
  }
  auto out = std::make_unique<identity::FederatedProvider>(std::move(own), std::move(needs));
  auto kept = read_kept(config);
  if (!kept.ok()) {
    auto error = std::move(kept).error().within(kept_file(config).string());
    error.code = Code::state_unusable;
    return error;
  }
  for (auto const& one : config.identity.federation) {
    AW_TRY(auto source, identity::parse_source(one));
    std::optional<Bundle> bootstrap;
    if (!one.bootstrap.empty()) {
      AW_TRY(auto const text, fs::read_file(one.bootstrap, Bundle::kMaxJsonBytes));
      AW_TRY(bootstrap, Bundle::parse_json(source.domain, text));
    }
    add_known(*out, std::move(source), std::move(bootstrap), *kept);
  }
  for (auto& source : kept->added) add_known(*out, std::move(source), std::nullopt, *kept);
  return out;
}

}  // namespace aw::runtime
