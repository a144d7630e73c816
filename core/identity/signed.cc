// SPDX-License-Identifier: Apache-2.0
#include "core/identity/signed.h"

#include <set>
#include <utility>

#include "core/identity/peer.h"

namespace aw::identity {
namespace {

Error not_theirs(std::string why) { return make_error(Code::audit_integrity, std::move(why)); }

}  // namespace

Result<tls::SignatureAlgorithm> signing_algorithm(Svid const& svid) {
  AW_TRY(auto const key, svid.key.public_key());
  auto const algorithm = key.algorithm();
  if (!algorithm) return make_error(Code::key_malformed, "the SVID's key signs nothing JOSE knows");
  return *algorithm;
}

Result<void> check_signed(SignedBy const& by, std::string_view message, std::string_view signature,
                          Bundles const& bundles) {
  if (by.chain.empty()) return not_theirs("no certificate is with it");
  auto const key = tls::PublicKey::of(by.chain.front());
  if (!key.ok() || !key->verify(by.algorithm, message, signature))
    return not_theirs("signature is wrong");
  std::set<TrustDomain> domains;
  for (auto const& [domain, bundle] : bundles) domains.insert(domain);
  auto const peer = verify_peer(by.chain, bundles, domains, by.time);
  if (!peer.ok()) return not_theirs("certificate at its time: " + peer.error().message);
  if (peer->id.text() != by.signer) return not_theirs("certificate is of " + peer->id.text());
  return {};
}

Result<std::vector<tls::Certificate>> parse_certificates(std::span<const std::string> ders) {
  std::vector<tls::Certificate> out;
  for (auto const& der : ders) {
    AW_TRY(auto certificate, tls::Certificate::parse_der(der));
    out.push_back(std::move(certificate));
  }
  return out;
}

}  // namespace aw::identity
