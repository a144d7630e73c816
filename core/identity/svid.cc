// SPDX-License-Identifier: Apache-2.0
#include "core/identity/svid.h"

#include <algorithm>

#include "core/base/text.h"

namespace aw::identity {
namespace {

using tls::KeyUsage;

Error bad_svid(std::string what) { return make_error(Code::svid_malformed, std::move(what)); }

}  // namespace

WallTime Svid::not_before() const {
  return std::ranges::max(chain, {}, &tls::Certificate::not_before).not_before();
}

WallTime Svid::not_after() const {
  return std::ranges::min(chain, {}, &tls::Certificate::not_after).not_after();
}

Result<SpiffeId> check_leaf(tls::Certificate const& leaf) {
  auto const& uris = leaf.uri_sans();
  if (uris.size() != 1) {  // §2: exactly one, whatever its scheme
    return bad_svid("an X.509-SVID has exactly one URI name; this certificate has " +
                    std::to_string(uris.size()));
  }
  AW_TRY(SpiffeId id, SpiffeId::parse(uris.front()));
  if (id.path().empty()) {  // §3.1, §5.2
    return bad_svid("a workload's SPIFFE ID has a path; " + id.text() + " has none");
  }
  if (leaf.is_ca()) return bad_svid("the certificate of " + id.text() + " is an authority's");
  if (!leaf.key_usage(KeyUsage::digital_signature)) {  // §4.3
    return bad_svid("the key of " + id.text() + " may not make digital signatures");
  }
  if (leaf.key_usage(KeyUsage::key_cert_sign) || leaf.key_usage(KeyUsage::crl_sign)) {
    return bad_svid("the key of " + id.text() + " may sign certificates or revocation lists");
  }
  if (leaf.has_extended_key_usage() && !(leaf.server_auth() && leaf.client_auth())) {  // §4.4
    return bad_svid("the extended key usage of " + id.text() +
                    " lacks server or client authentication");
  }
  return id;
}

Result<void> check_signer(tls::Certificate const& signer) {
  if (!signer.is_ca()) return bad_svid("signer " + signer.subject() + " is no authority");  // §4.1
  if (!signer.key_usage(KeyUsage::key_cert_sign)) {
    return bad_svid("the key of signer " + signer.subject() + " may not sign certificates");
  }
  auto const& uris = signer.uri_sans();
  if (uris.empty()) return {};
  // One that is no SPIFFE ID names nobody here; several would be a choice we must not make.
  if (uris.size() > 1) return bad_svid("signer " + signer.subject() + " has several URI names");
  if (!text::lower(uris.front()).starts_with("spiffe:")) return {};
  AW_TRY(SpiffeId const id, SpiffeId::parse(uris.front()));
  if (!id.path().empty()) {  // §3.1
    return bad_svid("a signer's SPIFFE ID has no path; " + id.text() + " has one");
  }
  return {};
}

Result<Svid> make_svid(std::vector<tls::Certificate> chain, tls::PrivateKey key, std::string hint) {
  if (chain.empty()) return bad_svid("an X.509-SVID without a certificate");
  AW_TRY(SpiffeId id, check_leaf(chain.front()));
  if (!key.matches(chain.front())) {
    return make_error(Code::key_malformed,
                      "the private key does not belong to the certificate of " + id.text());
  }
  return Svid{std::move(id), std::move(chain), std::move(key), std::move(hint)};
}

Result<Svid> parse_svid(std::string_view chain_der, std::string_view key_pkcs8, std::string hint) {
  AW_TRY(auto chain, tls::Certificate::parse_der_chain(chain_der));
  AW_TRY(auto key, tls::PrivateKey::from_pkcs8_der(key_pkcs8));
  return make_svid(std::move(chain), std::move(key), std::move(hint));
}

}  // namespace aw::identity
