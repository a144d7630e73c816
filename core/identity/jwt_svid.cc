// SPDX-License-Identifier: Apache-2.0
#include "core/identity/jwt_svid.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/identity/jwk.h"

namespace aw::identity {
namespace {

using json::Json;

Error bad_token(std::string what) { return make_error(Code::jwt_svid, std::move(what)); }

struct Parts {
  Json header;
  Json claims;
  std::string claims_text;
  std::string_view signed_part;  // points into the token
  std::string signature;
};

Result<std::string> decode_part(std::string_view part, std::string_view name) {
  auto bytes = text::from_base64url(part);
  if (!bytes) return bad_token("the token's " + std::string(name) + " is not base64url");
  return std::move(*bytes);
}

Result<Json> parse_object(std::string_view bytes, std::string_view name) {
  auto parsed = json::parse(bytes, {.bytes = kMaxJwtBytes, .depth = 16});
  if (!parsed.ok() || !parsed->is_object()) {
    return bad_token("the token's " + std::string(name) + " is no JSON object");
  }
  return parsed;
}

Result<Parts> take_apart(std::string_view token) {
  if (token.size() > kMaxJwtBytes) return bad_token("the token has too many bytes");
  auto const parts = text::split(token, '.');
  if (parts.size() != 3) return bad_token("not a JWT in compact form: three parts are needed");
  Parts out;
  AW_TRY(std::string const header, decode_part(parts[0], "header"));
  AW_TRY(out.claims_text, decode_part(parts[1], "payload"));
  AW_TRY(out.signature, decode_part(parts[2], "signature"));
  AW_TRY(out.header, parse_object(header, "header"));
  AW_TRY(out.claims, parse_object(out.claims_text, "payload"));
  out.signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  return out;
}

// RFC 7519 §2: seconds since the epoch, perhaps with a fraction.
Result<WallTime> time_claim(Json const& claims, char const* name) {
  auto const found = claims.find(name);
  if (found == claims.end() || !found->is_number()) {
    return bad_token(std::string("claim '") + name + "' is missing or no number");
  }
  auto const seconds = found->get<double>();
  constexpr double kMost = 9e9;  // the year 2255; later ones overflow nanoseconds
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMost) {
    return bad_token(std::string("claim '") + name + "' is no usable time");
  }
  return WallTime(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds)));
}

// RFC 7519 §4.1.3: one string or an array of them; JWT-SVID §3.2: at least one.
Result<std::vector<std::string>> audience_claim(Json const& claims) {
  std::vector<std::string> out;
  auto const found = claims.find("aud");
  if (found != claims.end() && found->is_string()) out.push_back(found->get<std::string>());
  if (found != claims.end() && found->is_array()) {
    for (auto const& one : *found) {
      if (!one.is_string()) return bad_token("claim 'aud' holds something other than strings");
      out.push_back(one.get<std::string>());
    }
  }
  if (out.empty()) return bad_token("claim 'aud' is missing or empty");
  return out;
}

Result<JwtSvid> read_claims(Parts const& parts, std::string_view token) {
  auto id = SpiffeId::parse(string_member(parts.claims, "sub"));
  if (!id.ok()) return bad_token("claim 'sub': " + id.error().message);
  if (id->path().empty()) return bad_token("claim 'sub' names no workload: it has no path");
  JwtSvid out{std::move(id).value(), {}, {}, {}, std::string(token), parts.claims_text};
  AW_TRY(out.audience, audience_claim(parts.claims));
  AW_TRY(out.expires, time_claim(parts.claims, "exp"));
  if (parts.claims.contains("iat")) {
    AW_TRY(out.issued, time_claim(parts.claims, "iat"));
  }
  return out;
}

Result<tls::SignatureAlgorithm> check_header(Json const& header) {
  std::string const name = string_member(header, "alg");
  auto const algorithm = tls::parse_algorithm(name);
  if (!algorithm) return bad_token("algorithm '" + text::printable(name) + "' is not accepted");
  if (header.contains("crit")) return bad_token("the token demands extensions unknown here");
  if (header.contains("typ")) {  // JWT-SVID §2.3
    std::string const type = string_member(header, "typ");
    if (type != "JWT" && type != "JOSE") return bad_token("the token is no JWT by its 'typ'");
  }
  return *algorithm;
}

Result<void> check_signature(Parts const& parts, tls::SignatureAlgorithm algorithm,
                             Bundle const& bundle) {
  std::string const key_id = string_member(parts.header, "kid");
  if (key_id.empty()) return bad_token("the token names no key: 'kid' is missing");
  for (auto const& authority : bundle.jwt_authorities()) {
    if (authority.key_id != key_id) continue;
    if (authority.key.verify(algorithm, parts.signed_part, parts.signature)) return {};
    return bad_token("the token's signature does not hold");
  }
  return bad_token("key '" + text::printable(key_id) + "' is not in the bundle of " +
                   bundle.trust_domain().name());
}

Result<void> check_time(JwtSvid const& svid, Json const& claims, WallTime now) {
  if (now >= svid.expires) {
    return bad_token("the token expired at " + format_rfc3339(svid.expires));
  }
  if (!claims.contains("nbf")) return {};
  AW_TRY(WallTime const begins, time_claim(claims, "nbf"));
  if (now < begins) return bad_token("the token is valid from " + format_rfc3339(begins));
  return {};
}

}  // namespace

Result<std::string> sign_jwt_svid(JwtSpec const& spec, std::string_view key_id,
                                  tls::PrivateKey const& key) {
  if (spec.audience.empty()) return bad_token("a JWT-SVID needs an audience");
  AW_TRY(tls::PublicKey const half, key.public_key());
  auto const algorithm = half.algorithm();
  if (!algorithm) return bad_token("a key of kind " + half.description() + " signs no tokens");
  auto const seconds = [](WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  Json const header = {{"alg", std::string(tls::algorithm_name(*algorithm))},
                       {"kid", std::string(key_id)},
                       {"typ", "JWT"}};
  Json claims = {{"sub", spec.id.text()}, {"aud", spec.audience}, {"exp", seconds(spec.expires)}};
  if (spec.issued != WallTime{}) claims["iat"] = seconds(spec.issued);
  std::string token = text::to_base64url(header.dump()) + "." + text::to_base64url(claims.dump());
  AW_TRY(std::string const signature, key.sign(*algorithm, token));
  return token + "." + text::to_base64url(signature);
}

Result<JwtSvid> read_jwt_svid(std::string_view token) {
  AW_TRY(Parts const parts, take_apart(token));
  return read_claims(parts, token);
}

Result<JwtSvid> verify_jwt_svid(std::string_view token, std::string_view audience,
                                Bundles const& bundles, WallTime now) {
  AW_TRY(Parts const parts, take_apart(token));
  AW_TRY(auto const algorithm, check_header(parts.header));
  AW_TRY(JwtSvid svid, read_claims(parts, token));
  auto const bundle = bundles.find(svid.id.trust_domain());
  if (bundle == bundles.end()) {
    return make_error(Code::no_bundle, "no bundle for the trust domain of " + svid.id.text());
  }
  AW_TRY(check_signature(parts, algorithm, bundle->second));
  AW_TRY(check_time(svid, parts.claims, now));
  if (std::ranges::find(svid.audience, audience) == svid.audience.end()) {
    return bad_token("the token is for another audience than " + std::string(audience));
  }
  return svid;
}

}  // namespace aw::identity
