// SPDX-License-Identifier: Apache-2.0
// Who is at the other end: the X.509-SVID rules applied to the chain a peer sent.
//
// Pure: the time is given. The bundle of the trust domain named in the leaf decides, never another
// and never several merged: an identity of domain A signed by domain B's authority is refused.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/identity/spiffe_id.h"
#include "core/tls/certificate.h"

namespace aw::identity {

// Made by verify_peer alone: whoever holds one holds a proven identity, as of then.
struct Peer {
  SpiffeId id;
  WallTime not_before{};  // the latest of the verified chain's
  WallTime not_after{};   // the earliest of the verified chain's: the connection must not live on
  std::vector<tls::Certificate> chain;  // verified: leaf first, anchor last
  std::string xfcc;  // see `xfcc`; empty until whoever knows the callee's ID fills it
};

// Code::svid_malformed, Code::spiffe_id_malformed (leaf or signer breaks the rules),
// Code::no_bundle, Code::svid_expired, Code::peer_unverified (no chain to an authority),
// Code::trust_domain_not_allowed (all well, but its domain is not in `allowed`),
// Code::no_client_certificate (nothing sent).
[[nodiscard]] Result<Peer> verify_peer(std::span<const tls::Certificate> sent,
                                       Bundles const& bundles, std::set<TrustDomain> const& allowed,
                                       WallTime now);

// Envoy's x-forwarded-client-cert: By=<our id>;Hash=<sha256 of the leaf>;URI=<caller id>
[[nodiscard]] std::string xfcc(SpiffeId const& self, Peer const& peer);

}  // namespace aw::identity
