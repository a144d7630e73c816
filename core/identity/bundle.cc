// SPDX-License-Identifier: Apache-2.0
#include "core/identity/bundle.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/identity/jwk.h"

namespace aw::identity {
namespace {

using json::Json;
using tls::Certificate;

constexpr std::size_t kMostKeys = Certificate::kMaxBundle;

Error bad_bundle(TrustDomain const& domain, std::string what) {
  return make_error(Code::bundle_malformed, "bundle of " + domain.name() + ": " + std::move(what));
}

// §4.2.2: x5c holds exactly one certificate, in base64 (not base64url) of its DER.
Result<Certificate> x509_authority(TrustDomain const& domain, Json const& jwk) {
  auto const found = jwk.find("x5c");
  if (found == jwk.end() || !found->is_array() || found->size() != 1 ||
      !found->front().is_string()) {
    return bad_bundle(domain, "an x509-svid key needs x5c with exactly one certificate");
  }
  auto const der = text::from_base64(found->front().get<std::string>());
  if (!der) return bad_bundle(domain, "x5c is not base64");
  auto certificate = Certificate::parse_der(*der);
  if (!certificate.ok()) return bad_bundle(domain, certificate.error().message);
  return certificate;
}

Result<JwtAuthority> jwt_authority(TrustDomain const& domain, Json const& jwk) {
  std::string id = string_member(jwk, "kid");
  if (id.empty()) return bad_bundle(domain, "a jwt-svid key needs a kid");
  auto key = from_jwk(jwk);
  if (!key.ok()) return bad_bundle(domain, key.error().message);
  return JwtAuthority{std::move(id), std::move(key).value()};
}

// §4.2.1: a key of a type that we never heard of is no reason to distrust those beside it.
bool unheard_of(Json const& jwk) {
  std::string const type = string_member(jwk, "kty");
  return !type.empty() && type != "EC" && type != "RSA" && type != "OKP" && type != "oct";
}

Result<void> read_key(TrustDomain const& domain, Json const& jwk, BundleContent& into) {
  if (!jwk.is_object()) return bad_bundle(domain, "a key is not an object");
  if (unheard_of(jwk)) return {};
  std::string const use = string_member(jwk, "use");
  if (use == "x509-svid") {
    AW_TRY(auto authority, x509_authority(domain, jwk));
    into.x509_authorities.push_back(std::move(authority));
  } else if (use == "jwt-svid") {
    AW_TRY(auto authority, jwt_authority(domain, jwk));
    into.jwt_authorities.push_back(std::move(authority));
  }
  return {};
}

// Absent is fine; there but no natural number is not.
Result<std::optional<std::uint64_t>> natural(TrustDomain const& domain, Json const& document,
                                             char const* name) {
  auto const found = document.find(name);
  if (found == document.end() || found->is_null()) return std::optional<std::uint64_t>();
  if (!found->is_number_unsigned()) {
    return bad_bundle(domain, std::string(name) + " is not a natural number");
  }
  return std::optional(found->get<std::uint64_t>());
}

Json jwt_jwk(JwtAuthority const& authority) {
  auto jwk = to_jwk(authority.key);
  if (!jwk.ok()) return {};
  (*jwk)["use"] = "jwt-svid";
  (*jwk)["kid"] = authority.key_id;
  return std::move(jwk).value();
}

Json x509_jwk(Certificate const& authority) {
  auto key = tls::PublicKey::of(authority);
  Json jwk = Json::object();
  if (key.ok()) {
    // §4.2.2 wants kty and the key's numbers; a kind that has none here travels in x5c alone.
    auto numbers = to_jwk(*key);
    if (numbers.ok()) jwk = std::move(numbers).value();
  }
  jwk["use"] = "x509-svid";
  jwk["x5c"] = Json::array({text::to_base64(authority.der())});
  return jwk;
}

}  // namespace

struct Bundle::State {
  TrustDomain domain;
  BundleContent content;
  tls::TrustStore store;
};

Result<Bundle> Bundle::make(TrustDomain domain, BundleContent content) {
  if (content.x509_authorities.size() > kMostKeys || content.jwt_authorities.size() > kMostKeys) {
    return bad_bundle(domain, "more than " + std::to_string(kMostKeys) + " authorities");
  }
  auto store = tls::TrustStore::make(content.x509_authorities);
  if (!store.ok()) return bad_bundle(domain, store.error().message);
  return Bundle(std::make_shared<const State>(
      State{std::move(domain), std::move(content), std::move(store).value()}));
}

Result<Bundle> Bundle::parse_der(TrustDomain domain, std::string_view der) {
  BundleContent content;
  if (der.size() > Certificate::kMaxBundleBytes) return bad_bundle(domain, "too many bytes");
  if (!der.empty()) {
    auto authorities = Certificate::parse_der_chain(der, kMostKeys);
    if (!authorities.ok()) return bad_bundle(domain, authorities.error().message);
    content.x509_authorities = std::move(authorities).value();
  }
  return make(std::move(domain), std::move(content));
}

Result<Bundle> Bundle::parse_pem(TrustDomain domain, std::string_view pem) {
  BundleContent content;
  auto authorities = Certificate::parse_pem_chain(pem, kMostKeys);
  if (!authorities.ok()) return bad_bundle(domain, authorities.error().message);
  content.x509_authorities = std::move(authorities).value();
  return make(std::move(domain), std::move(content));
}

Result<Bundle> Bundle::parse_json(TrustDomain domain, std::string_view json) {
  auto document = json::parse(json, {.bytes = kMaxJsonBytes, .depth = 8});
  if (!document.ok()) return bad_bundle(domain, document.error().message);
  auto const keys = document->is_object() ? document->find("keys") : document->end();
  if (!document->is_object() || keys == document->end() || !keys->is_array()) {
    return bad_bundle(domain, "not a JWK set: 'keys' is missing or no array");
  }
  if (keys->size() > 2 * kMostKeys) return bad_bundle(domain, "too many keys");
  BundleContent content;
  for (auto const& jwk : *keys) AW_TRY(read_key(domain, jwk, content));
  AW_TRY(content.sequence, natural(domain, *document, "spiffe_sequence"));
  AW_TRY(auto const hint, natural(domain, *document, "spiffe_refresh_hint"));
  if (hint) {
    constexpr std::uint64_t kMostSeconds = 366ULL * 24 * 3600;
    content.refresh_hint = std::chrono::seconds(std::min(*hint, kMostSeconds));
  }
  return make(std::move(domain), std::move(content));
}

TrustDomain const& Bundle::trust_domain() const { return state_->domain; }
std::vector<Certificate> const& Bundle::x509_authorities() const {
  return state_->content.x509_authorities;
}
std::vector<JwtAuthority> const& Bundle::jwt_authorities() const {
  return state_->content.jwt_authorities;
}
std::optional<std::uint64_t> Bundle::sequence() const { return state_->content.sequence; }
std::optional<std::chrono::seconds> Bundle::refresh_hint() const {
  return state_->content.refresh_hint;
}
tls::TrustStore const& Bundle::store() const { return state_->store; }

std::string Bundle::pem() const {
  std::string out;
  for (auto const& authority : x509_authorities()) out += authority.pem();
  return out;
}

std::string Bundle::der() const {
  std::string out;
  for (auto const& authority : x509_authorities()) out += authority.der();
  return out;
}

std::string Bundle::json() const {
  Json keys = Json::array();
  for (auto const& authority : x509_authorities()) keys.push_back(x509_jwk(authority));
  for (auto const& authority : jwt_authorities()) keys.push_back(jwt_jwk(authority));
  Json document = {{"keys", std::move(keys)}};
  if (sequence()) document["spiffe_sequence"] = *sequence();
  if (refresh_hint()) document["spiffe_refresh_hint"] = refresh_hint()->count();
  return document.dump(2) + "\n";
}

std::string Bundle::jwt_json() const {
  Json keys = Json::array();
  for (auto const& authority : jwt_authorities()) keys.push_back(jwt_jwk(authority));
  return Json{{"keys", std::move(keys)}}.dump();
}

bool operator==(Bundle const& a, Bundle const& b) {
  if (a.state_ == b.state_) return true;
  auto const same_key = [](JwtAuthority const& x, JwtAuthority const& y) {
    auto const mine = x.key.spki_der();
    auto const theirs = y.key.spki_der();
    return x.key_id == y.key_id && mine.ok() && theirs.ok() && *mine == *theirs;
  };
  return a.trust_domain() == b.trust_domain() && a.x509_authorities() == b.x509_authorities() &&
         std::ranges::equal(a.jwt_authorities(), b.jwt_authorities(), same_key) &&
         a.sequence() == b.sequence() && a.refresh_hint() == b.refresh_hint();
}

}  // namespace aw::identity
