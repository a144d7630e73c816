// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card_signature.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/a2a/jcs.h"
#include "core/a2a/remote_card.h"
#include "core/base/text.h"
#include "core/identity/peer.h"
#include "core/identity/svid.h"

namespace aw::a2a {
namespace {

using json::Json;

constexpr std::size_t kMostSignatures = 16;
constexpr std::size_t kMostProtected = 64U << 10;

// A2A 1.0 AgentCard; what else a document holds (0.3's members, say) no signature covers.
constexpr std::array<std::string_view, 13> kSignedMembers = {"name",
                                                             "description",
                                                             "supportedInterfaces",
                                                             "provider",
                                                             "version",
                                                             "documentationUrl",
                                                             "capabilities",
                                                             "securitySchemes",
                                                             "defaultInputModes",
                                                             "defaultOutputModes",
                                                             "skills",
                                                             "iconUrl",
                                                             "securityRequirements"};
constexpr std::array<std::string_view, 5> kSchemeKinds = {
    "apiKeySecurityScheme", "httpAuthSecurityScheme", "oauth2SecurityScheme",
    "openIdConnectSecurityScheme", "mtlsSecurityScheme"};

Error unverified(std::string why) { return make_error(Code::card_unverified, std::move(why)); }

// A hybrid's schemes carry 0.3's members beside 1.0's.
Json schemes_of_v1(Json const& schemes) {
  Json out = Json::object();
  for (auto const& scheme : schemes.items()) {
    if (!scheme.value().is_object()) continue;
    for (auto const kind : kSchemeKinds)
      if (scheme.value().contains(kind))
        out[scheme.key()][std::string(kind)] = scheme.value()[kind];
  }
  return out;
}

bool is_empty_value(Json const& value) {
  return value.is_null() || (value.is_string() && value.get_ref<std::string const&>().empty()) ||
         (value.is_structured() && value.empty());
}

Json without_empty(Json const& value) {
  if (value.is_object()) {
    Json out = Json::object();
    for (auto const& member : value.items())
      if (auto kept = without_empty(member.value()); !is_empty_value(kept))
        out[member.key()] = std::move(kept);
    return out;
  }
  if (value.is_array()) {
    Json out = Json::array();
    for (auto const& element : value)
      if (auto kept = without_empty(element); !is_empty_value(kept)) out.push_back(std::move(kept));
    return out;
  }
  return value;
}

std::string protected_header(CardKey const& key) {
  Json header = {{"alg", tls::algorithm_name(key.algorithm)}, {"kid", key.kid}, {"typ", "JOSE"}};
  // RFC 7515 §4.1.6: base64, not base64url.
  for (auto const& certificate : key.chain)
    header["x5c"].push_back(text::to_base64(certificate.der()));
  return text::to_base64url(canonical_json(header));
}

std::string member_text(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

struct Signature {
  Json header;
  std::string protected_text;
  std::string bytes;
};

Result<Signature> read_signature(Json const& one) {
  if (!one.is_object()) return unverified("a signature must be an object");
  Signature out;
  out.protected_text = member_text(one, "protected");
  if (out.protected_text.empty() || out.protected_text.size() > kMostProtected)
    return unverified("a signature has no protected header");
  auto const header = text::from_base64url(out.protected_text);
  auto bytes = text::from_base64url(member_text(one, "signature"));
  if (!header || !bytes || bytes->empty()) return unverified("a signature is not base64url");
  auto parsed = json::parse(*header, {.bytes = kMostProtected, .depth = 8});
  if (!parsed.ok() || !parsed->is_object())
    return unverified("a signature's protected header is no JSON object");
  // RFC 7515 §4.1.11: extensions we do not know forbid the signature; b64 would change the payload.
  if (parsed->contains("crit") || parsed->contains("b64"))
    return unverified("a signature asks for an extension that is not known here");
  out.header = std::move(*parsed);
  out.bytes = std::move(*bytes);
  return out;
}

Result<std::vector<tls::Certificate>> read_chain(Json const& x5c) {
  if (!x5c.is_array() || x5c.empty() || x5c.size() > tls::Certificate::kMaxChain)
    return unverified("a signature's x5c is no certificate chain");
  std::vector<tls::Certificate> out;
  for (auto const& element : x5c) {
    auto const der =
        element.is_string() ? text::from_base64(element.get<std::string>()) : std::nullopt;
    if (!der) return unverified("a signature's x5c is not base64");
    AW_TRY(auto certificate, tls::Certificate::parse_der(*der));
    out.push_back(std::move(certificate));
  }
  return out;
}

struct Believed {
  tls::PublicKey key;
  std::optional<identity::SpiffeId> signer;
  WallTime not_after = WallTime::max();
};

Result<Believed> believe_chain(Json const& x5c, CardTrust const& trust) {
  AW_TRY(auto const chain, read_chain(x5c));
  AW_TRY(auto const peer, identity::verify_peer(chain, *trust.bundles, trust.allowed, trust.now));
  AW_TRY(auto key, tls::PublicKey::of(chain.front()));
  return Believed{.key = std::move(key), .signer = peer.id, .not_after = peer.not_after};
}

// The given key with that id, or the chain's, if it leads to a member of a trusted domain.
Result<Believed> believed_key(Signature const& signature, CardTrust const& trust) {
  auto const kid = member_text(signature.header, "kid");
  for (auto const& key : trust.keys) {
    auto const print = tls::thumbprint(key);
    if (print.ok() && (kid == *print || trust.keys.size() == 1))
      return Believed{.key = key, .signer = std::nullopt};
  }
  auto const x5c = signature.header.find("x5c");
  if (x5c != signature.header.end() && trust.bundles != nullptr) return believe_chain(*x5c, trust);
  return unverified("nobody trusted is known by the key \"" + text::printable(kid.substr(0, 64)) +
                    '"');
}

Result<Believed> check_signature(Json const& one, Json const& part, CardTrust const& trust) {
  AW_TRY(auto const signature, read_signature(one));
  AW_TRY(auto believed, believed_key(signature, trust));
  auto const algorithm = tls::parse_algorithm(member_text(signature.header, "alg"));
  if (!algorithm || believed.key.algorithm() != algorithm)
    return unverified("a signature's algorithm does not fit its key");
  auto const message = signature.protected_text + '.' + text::to_base64url(canonical_json(part));
  if (!believed.key.verify(*algorithm, message, signature.bytes))
    return unverified("a signature does not fit the card: one of them was changed");
  return believed;
}

}  // namespace

Result<CardKey> card_key(tls::PrivateKey key) {
  AW_TRY(auto const public_key, key.public_key());
  auto const algorithm = public_key.algorithm();
  if (!algorithm)
    return make_error(Code::key_malformed,
                      "no card can be signed with a key of type " + public_key.description(),
                      "P-256, P-384, RSA and Ed25519 keys can sign");
  AW_TRY(auto kid, tls::thumbprint(public_key));
  return CardKey{
      .key = std::move(key), .algorithm = *algorithm, .kid = std::move(kid), .chain = {}};
}

Result<CardKey> card_key(identity::Svid const& svid) {
  AW_TRY(auto out, card_key(svid.key));
  out.chain = svid.chain;
  out.not_after = svid.not_after();
  return out;
}

Result<Json> signed_part(Json const& card) {
  if (!card.is_object() || member_text(card, "name").empty())
    return make_error(Code::protocol, "that is no A2A agent card");
  Json out = Json::object();
  for (auto const name : kSignedMembers) {
    auto const found = card.find(name);
    if (found == card.end()) continue;
    out[std::string(name)] =
        name == "securitySchemes" && found->is_object() ? schemes_of_v1(*found) : *found;
  }
  return without_empty(out);
}

Result<Json> sign_card(Json const& card, CardKey const& key) {
  AW_TRY(auto const part, signed_part(card));
  auto const header = protected_header(key);
  auto const message = header + '.' + text::to_base64url(canonical_json(part));
  AW_TRY(auto const bytes, key.key.sign(key.algorithm, message));
  return Json{{"protected", header}, {"signature", text::to_base64url(bytes)}};
}

Result<VerifiedCard> verify_card(std::string_view json, CardTrust const& trust) {
  auto const parsed = json::parse(json, {.bytes = 4U << 20, .depth = 64});
  if (!parsed.ok())
    return make_error(Code::protocol, "the card is no JSON: " + parsed.error().message);
  AW_TRY(auto part, signed_part(*parsed));
  auto const signatures = parsed->find("signatures");
  if (signatures == parsed->end() || !signatures->is_array() || signatures->empty())
    return unverified("the card is not signed");
  if (signatures->size() > kMostSignatures) return unverified("the card has too many signatures");
  Error last = unverified("the card has no good signature");
  for (auto const& one : *signatures) {
    auto believed = check_signature(one, part, trust);
    if (!believed.ok()) {
      last = unverified(believed.error().message);
      continue;
    }
    AW_TRY(auto const read, read_signature(one));
    return VerifiedCard{.card = canonical_json(part),
                        .signer = std::move(believed->signer),
                        .kid = member_text(read.header, "kid"),
                        .algorithm = member_text(read.header, "alg"),
                        .not_after = believed->not_after,
                        .signatures = signatures->size()};
  }
  return last;
}

Result<VerifiedCard> verify_card_of(std::string_view json, CardTrust const& trust,
                                    identity::SpiffeId const& peer) {
  AW_TRY(auto verified, verify_card(json, trust));
  if (verified.signer && *verified.signer != peer)
    return unverified("the card was signed by " + verified.signer->text() + ", but the peer is " +
                      peer.text());
  AW_TRY(auto const read, read_remote_card(verified.card));
  if (!read.spiffe_id.empty() && read.spiffe_id != peer.text())
    return unverified("the card is of " + text::printable(read.spiffe_id) + ", but the peer is " +
                      peer.text());
  return verified;
}

Result<tls::PublicKey> parse_public_key(std::string_view pem) {
  if (pem.contains("BEGIN CERTIFICATE")) {
    AW_TRY(auto const certificate, tls::Certificate::parse_pem(pem));
    return tls::PublicKey::of(certificate);
  }
  constexpr std::string_view kBegin = "-----BEGIN PUBLIC KEY-----";
  constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";
  auto const begin = pem.find(kBegin);
  auto const end = pem.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    return make_error(Code::key_malformed, "that is no PEM public key or certificate");
  std::string body;
  for (char const c : pem.substr(begin + kBegin.size(), end - begin - kBegin.size()))
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') body += c;
  auto const der = text::from_base64(body);
  if (!der) return make_error(Code::key_malformed, "the public key is not base64");
  return tls::PublicKey::from_spki_der(*der);
}

}  // namespace aw::a2a
