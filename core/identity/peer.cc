// SPDX-License-Identifier: Apache-2.0
#include "core/identity/peer.h"

#include <algorithm>

#include "core/identity/svid.h"

namespace aw::identity {

Result<Peer> verify_peer(std::span<const tls::Certificate> sent, Bundles const& bundles,
                         std::set<TrustDomain> const& allowed, WallTime now) {
  if (sent.empty()) {
    return make_error(Code::no_client_certificate, "the peer sent no certificate");
  }
  if (sent.size() > tls::Certificate::kMaxChain) {
    return make_error(Code::svid_malformed, "the peer sent too many certificates");
  }
  AW_TRY(SpiffeId id, check_leaf(sent.front()));
  auto const bundle = bundles.find(id.trust_domain());
  if (bundle == bundles.end()) {
    return make_error(Code::no_bundle,
                      "no bundle for the trust domain of " + id.text() + " is at hand",
                      "federate with " + id.trust_domain().name());
  }
  auto chain = bundle->second.store().verify(sent.front(), sent.subspan(1), now);
  if (!chain.ok()) return std::move(chain).error().within("peer " + id.text());
  for (auto const& signer : std::span(*chain).subspan(1)) AW_TRY(check_signer(signer));
  if (chain->size() < 2) {  // a leaf that is itself in the bundle was signed by nobody we trust
    return make_error(Code::peer_unverified, "peer " + id.text() + " is its own authority");
  }
  if (!allowed.contains(id.trust_domain())) {
    return make_error(Code::trust_domain_not_allowed,
                      "the trust domain of " + id.text() + " is not allowed here",
                      "list " + id.trust_domain().name() + " in identity.allowed_trust_domains");
  }
  Peer peer{.id = std::move(id)};
  peer.not_before = std::ranges::max(*chain, {}, &tls::Certificate::not_before).not_before();
  peer.not_after = std::ranges::min(*chain, {}, &tls::Certificate::not_after).not_after();
  peer.chain = std::move(chain).value();
  return peer;
}

std::string xfcc(SpiffeId const& self, Peer const& peer) {
  // Nothing to quote: a SPIFFE ID has neither comma, semicolon, equals sign nor quote.
  return "By=" + self.text() + ";Hash=" + peer.chain.front().fingerprint_sha256() +
         ";URI=" + peer.id.text();
}

}  // namespace aw::identity
