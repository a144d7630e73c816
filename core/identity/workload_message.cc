// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_message.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/identity/workload.pb.h"

namespace aw::identity {
namespace {

Error malformed(std::string what) { return make_error(Code::svid_malformed, std::move(what)); }

Result<Svid> read_svid(X509SVID const& sent) {
  AW_TRY(auto svid, parse_svid(sent.x509_svid(), sent.x509_svid_key(), sent.hint()));
  if (svid.id.text() != sent.spiffe_id())
    return malformed("announced as \"" + text::printable(sent.spiffe_id().substr(0, 200)) +
                     "\" but the certificate says " + svid.id.text());
  return svid;
}

// The keys of bundle maps are trust domain IDs, "spiffe://example.org" (Workload API §5.2).
Result<TrustDomain> read_domain(std::string const& key) {
  AW_TRY(auto const id, SpiffeId::parse(key));
  if (!id.path().empty())
    return make_error(Code::spiffe_id_malformed, "trust domain id " + id.text() + " has a path");
  return id.trust_domain();
}

// Collects bundles; a trust domain that comes twice must come with the same bytes.
class BundleCollector {
 public:
  Result<void> add(TrustDomain const& domain, std::string_view der) {
    auto const [known, fresh] = bytes_.try_emplace(domain, der);
    if (!fresh) {
      if (known->second == der) return {};
      return make_error(Code::bundle_malformed, "two different bundles for " + domain.name());
    }
    if (bytes_.size() > kMaxBundles) return make_error(Code::bundle_malformed, "too many bundles");
    AW_TRY(auto bundle, with_context(Bundle::parse_der(domain, der), "bundle of " + domain.name()));
    bundles_.emplace(domain, std::move(bundle));
    return {};
  }
  Bundles take() { return std::move(bundles_); }

 private:
  std::map<TrustDomain, std::string_view> bytes_;  // into the message, which outlives this
  Bundles bundles_;
};

// JWT bundles are plain JWK sets (Workload API §6.2.2): SPIRE leaves out the `use` that SPIFFE
// bundles have.
Result<std::string> as_spiffe_bundle(std::string const& jwks) {
  AW_TRY(auto document, json::parse(jwks));
  auto const keys = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || keys == document.end() || !keys->is_array())
    return make_error(Code::bundle_malformed, "no JWK set");
  for (auto& key : *keys)
    if (key.is_object() && !key.contains("use")) key["use"] = "jwt-svid";
  return document.dump();
}

Result<Bundle> read_jwt_bundle(TrustDomain const& domain, std::string const& jwks) {
  auto document = as_spiffe_bundle(jwks);
  if (!document.ok()) return make_error(Code::bundle_malformed, document.error().message);
  return Bundle::parse_json(domain, *document);
}

}  // namespace

Result<Snapshot> read_message(X509SVIDResponse const& message, WallTime received) {
  if (message.svids_size() > kMaxSvids)
    return malformed("more than " + std::to_string(kMaxSvids) + " SVIDs");
  Snapshot out;
  out.received = received;
  BundleCollector bundles;
  std::set<std::string_view> hints;
  for (auto const& sent : message.svids()) {
    auto const place = "SVID " + std::to_string(out.svids.size() + 1);
    AW_TRY(auto svid, with_context(read_svid(sent), place));
    AW_TRY(bundles.add(svid.id.trust_domain(), sent.bundle()));
    if (!sent.hint().empty() && !hints.insert(sent.hint()).second) continue;
    out.svids.push_back(std::move(svid));
  }
  for (auto const& [key, der] : message.federated_bundles()) {
    AW_TRY(auto const domain, with_context(read_domain(key), "federated bundle"));
    AW_TRY(bundles.add(domain, der));
  }
  out.bundles = bundles.take();
  return out;
}

Result<Bundles> read_message(X509BundlesResponse const& message) {
  BundleCollector bundles;
  for (auto const& [key, der] : message.bundles()) {
    AW_TRY(auto const domain, read_domain(key));
    AW_TRY(bundles.add(domain, der));
  }
  return bundles.take();
}

Result<Bundles> read_message(JWTBundlesResponse const& message) {
  if (std::cmp_greater(message.bundles_size(), kMaxBundles))
    return make_error(Code::bundle_malformed, "too many bundles");
  Bundles out;
  for (auto const& [key, jwks] : message.bundles()) {
    AW_TRY(auto const domain, read_domain(key));
    AW_TRY(auto bundle, with_context(read_jwt_bundle(domain, jwks), "bundle of " + domain.name()));
    out.emplace(domain, std::move(bundle));
  }
  return out;
}

void wipe_keys(X509SVIDResponse& message) {
  for (auto& svid : *message.mutable_svids()) {
    auto& key = *svid.mutable_x509_svid_key();
    wipe(std::span<char>(key.data(), key.size()));
  }
}

Result<void> write_message(Snapshot const& snapshot, X509SVIDResponse& message) {
  std::set<TrustDomain> own;
  for (auto const& svid : snapshot.svids) {
    own.insert(svid.id.trust_domain());
    AW_TRY(auto const key, svid.key.pkcs8_der());
    auto& sent = *message.add_svids();
    sent.set_spiffe_id(svid.id.text());
    for (auto const& certificate : svid.chain) sent.mutable_x509_svid()->append(certificate.der());
    sent.set_x509_svid_key(std::string(key.reveal()));
    auto const bundle = snapshot.bundles.find(svid.id.trust_domain());
    if (bundle != snapshot.bundles.end()) sent.set_bundle(bundle->second.der());
    sent.set_hint(svid.hint);
  }
  for (auto const& [domain, bundle] : snapshot.bundles)
    if (!own.contains(domain)) (*message.mutable_federated_bundles())[domain.id()] = bundle.der();
  return {};
}

void write_message(Snapshot const& snapshot, X509BundlesResponse& message) {
  for (auto const& [domain, bundle] : snapshot.bundles)
    (*message.mutable_bundles())[domain.id()] = bundle.der();
}

void write_message(Snapshot const& snapshot, JWTBundlesResponse& message) {
  for (auto const& [domain, bundle] : snapshot.bundles)
    (*message.mutable_bundles())[domain.id()] = bundle.jwt_json();
}

Result<Snapshot> read_x509_wire(std::string_view bytes, WallTime received) {
  X509SVIDResponse message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return malformed("not an X509SVIDResponse");
  return read_message(message, received);
}

}  // namespace aw::identity
