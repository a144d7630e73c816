// SPDX-License-Identifier: Apache-2.0
// Signatures over agent cards: JWS with a detached payload (RFC 7515 appendix F) over the canonical
// 1.0 document (A2A §agent card signing, RFC 8785).
//
// Who signed is known by the certificate chain in the protected header (`x5c`, RFC 7515 §4.1.6),
// which leads to a SPIFFE ID through the trust domain's bundle, or by a key that was given; why:
// docs/decisions/card-signatures.md. `jku` is never followed. Pure; any thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/tls/private_key.h"
#include "core/tls/public_key.h"

namespace aw::a2a {

// What signs. Immutable; keys are shared and zeroed with their last copy.
struct CardKey {
  tls::PrivateKey key;
  tls::SignatureAlgorithm algorithm = tls::SignatureAlgorithm::es256;
  std::string kid;                       // RFC 7638 thumbprint
  std::vector<tls::Certificate> chain;   // leaf first; empty for a key without one
  WallTime not_after = WallTime::max();  // its signatures mean nothing afterwards
};
// Code::key_malformed for a curve that JOSE has no algorithm for.
[[nodiscard]] Result<CardKey> card_key(tls::PrivateKey key);
[[nodiscard]] Result<CardKey> card_key(identity::Svid const& svid);

// The part of a card that signatures cover: the members 1.0 knows, without `signatures`, without
// empty values (what the specification's text and the official SDKs agree on for cards that have
// none of these in required places). Code::protocol when it is no card.
[[nodiscard]] Result<json::Json> signed_part(json::Json const& card);

// One element of `signatures`: {"protected": …, "signature": …}.
[[nodiscard]] Result<json::Json> sign_card(json::Json const& card, CardKey const& key);

// Whom a signature is believed.
// `bundles` outlives the call. Default: nobody is believed.
struct CardTrust {
  identity::Bundles const* bundles = nullptr;  // for chains; null = chains prove nothing
  std::set<identity::TrustDomain> allowed;     // whose members may sign
  std::vector<tls::PublicKey> keys;            // besides, whoever holds one of these
  WallTime now;
};

// Read members from `card`, never from the document it came in.
struct VerifiedCard {
  std::string card;  // the signed part, canonical: nothing else of the document is vouched for
  std::optional<identity::SpiffeId> signer;  // nullopt: a given key
  std::string kid;
  std::string algorithm;
  WallTime not_after;          // of the signer's chain
  std::size_t signatures = 0;  // in the card, the good one included
};
// One good signature is enough (there are two while a key rotates). Code::card_unverified says of
// the last one why it is none; Code::protocol when it is no card.
[[nodiscard]] Result<VerifiedCard> verify_card(std::string_view json, CardTrust const& trust);

// `verify_card`, and the signer, the peer that presented the card over TLS and what the card claims
// are one and the same. Code::card_unverified.
[[nodiscard]] Result<VerifiedCard> verify_card_of(std::string_view json, CardTrust const& trust,
                                                  identity::SpiffeId const& peer);

// A public key as PEM (SPKI) or the key of a PEM certificate. Code::key_malformed.
[[nodiscard]] Result<tls::PublicKey> parse_public_key(std::string_view pem);

}  // namespace aw::a2a
