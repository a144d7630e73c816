// SPDX-License-Identifier: Apache-2.0
// io.jwt.*: tokens read, checked and made (RFC 7515, 7519).
#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/rego/base64.h"
#include "core/rego/builtin.h"
#include "core/rego/builtin_keys.h"

namespace aw::rego {
namespace {

constexpr int kMaxNested = 8;

struct JwtParts {
  std::string header_text;
  std::string payload_text;
  std::string signature_text;
  Value header;

  [[nodiscard]] std::string signed_text() const { return header_text + "." + payload_text; }
};

Result<std::string> decode_part(std::string text) {
  if (text.size() % 4 == 2 || text.size() % 4 == 3) text.append(4 - text.size() % 4, '=');
  return decode_base64(text, Base64::url);
}

Error fault(std::string what) { return make_error(Code::policy_builtin, std::move(what)); }

Result<JwtParts> split_token(std::string_view text) {
  auto parts = text::split(text, '.');
  if (parts.size() == 1) return fault("encoded JWT had no period separators");
  if (parts.size() != 3) {
    return fault("encoded JWT must have 3 sections, found " + std::to_string(parts.size()));
  }
  return JwtParts{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), {}};
}

Result<Value> json_object(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed.ok()) return fault("invalid JSON: " + parsed.error().message);
  if (!parsed->is(Kind::object)) return fault("decoded JSON type was not an Object");
  return *parsed;
}

Result<JwtParts> open_token(std::string_view text) {
  AW_TRY(JwtParts token, split_token(text));
  auto header = decode_part(token.header_text);
  if (!header.ok()) return fault("JWT header had invalid encoding: " + header.error().message);
  AW_TRY(token.header, json_object(*header));
  if (token.header.get("enc").defined())
    return fault("JWT is a JWE object, which is not supported");
  return token;
}

Result<std::string> payload_of(JwtParts const& token) {
  auto payload = decode_part(token.payload_text);
  if (!payload.ok()) return fault("JWT payload had invalid encoding: " + payload.error().message);
  return payload;
}

Result<std::string> signature_of(JwtParts const& token) {
  auto signature = decode_part(token.signature_text);
  if (!signature.ok()) {
    return fault("JWT signature had invalid encoding: " + signature.error().message);
  }
  return signature;
}

Result<Value> decode(std::string const& text, int depth) {
  AW_TRY(JwtParts token, open_token(text));
  AW_TRY(std::string payload, payload_of(token));
  if (token.header.get("cty").as_string() == "JWT" && depth < kMaxNested) {
    std::size_t from = payload.find_first_not_of("\"'");
    std::size_t to = payload.find_last_not_of("\"'");
    return decode(from == std::string::npos ? "" : payload.substr(from, to - from + 1), depth + 1);
  }
  AW_TRY(Value claims, json_object(payload));
  AW_TRY(std::string signature, signature_of(token));
  return Value::array({token.header, claims, Value::string(text::to_hex(signature))});
}

Value jwt_decode(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto decoded = decode(std::string(call.text(0)), 0);
  return decoded.ok() ? *decoded : call.fail(decoded.error().message);
}

// With a matching key id only that key counts; else any key whose algorithm is not another one.
bool verified_by(std::vector<Key> const& keys, JwtParts const& token, std::string_view algorithm,
                 std::string const& signature) {
  std::string_view id = token.header.get("kid").as_string();
  std::string_view named = token.header.get("alg").as_string();
  if (!id.empty()) {
    auto own = std::ranges::find(keys, id, &Key::id);
    if (own != keys.end()) return jws_verify(*own, algorithm, token.signed_text(), signature);
  }
  return std::ranges::any_of(keys, [&](Key const& key) {
    bool other = !key.algorithm.empty() && key.algorithm != named;
    return !other && jws_verify(key, algorithm, token.signed_text(), signature);
  });
}

Result<bool> verify(std::string_view text, std::string_view key_text, std::string_view algorithm) {
  AW_TRY(JwtParts token, split_token(text));
  std::vector<Key> keys;
  if (algorithm.starts_with("HS")) {
    keys.push_back(Key{nullptr, std::string(key_text), "", ""});
    AW_TRY(token, open_token(text));
    AW_TRY(std::string mac, signature_of(token));
    return jws_verify(keys[0], algorithm, token.signed_text(), mac);
  }
  AW_TRY(keys, parse_keys(key_text));
  AW_TRY(std::string signature, signature_of(token));
  AW_TRY(token, open_token(text));
  return verified_by(keys, token, algorithm, signature);
}

Value verify_as(BuiltinCall& call, std::string_view algorithm) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  auto valid = verify(call.text(0), call.text(1), algorithm);
  return valid.ok() ? Value::boolean(*valid) : call.fail(valid.error().message);
}

Value verify_hs256(BuiltinCall& call) { return verify_as(call, "HS256"); }
Value verify_hs384(BuiltinCall& call) { return verify_as(call, "HS384"); }
Value verify_hs512(BuiltinCall& call) { return verify_as(call, "HS512"); }
Value verify_rs256(BuiltinCall& call) { return verify_as(call, "RS256"); }
Value verify_rs384(BuiltinCall& call) { return verify_as(call, "RS384"); }
Value verify_rs512(BuiltinCall& call) { return verify_as(call, "RS512"); }
Value verify_ps256(BuiltinCall& call) { return verify_as(call, "PS256"); }
Value verify_ps384(BuiltinCall& call) { return verify_as(call, "PS384"); }
Value verify_ps512(BuiltinCall& call) { return verify_as(call, "PS512"); }
Value verify_es256(BuiltinCall& call) { return verify_as(call, "ES256"); }
Value verify_es384(BuiltinCall& call) { return verify_as(call, "ES384"); }
Value verify_es512(BuiltinCall& call) { return verify_as(call, "ES512"); }
Value verify_eddsa(BuiltinCall& call) { return verify_as(call, "EdDSA"); }

struct Constraints {
  std::vector<Key> keys;
  int sources = 0;
  std::string algorithm;
  std::string issuer;
  std::string audience;
  Value seconds;
};

Value seconds_of(Value const& nanos) { return Value::real(nanos.as_double() / 1e9); }

Result<Constraints> constraints_of(Value const& given, Value const& now) {
  Constraints out;
  out.seconds = seconds_of(now);
  for (Entry const& entry : given.entries()) {
    std::string name(entry.key.as_string());
    bool text = entry.value.is(Kind::string);
    if (name == "time") {
      if (!entry.value.is(Kind::number)) return fault("time: must be a number");
      out.seconds = seconds_of(entry.value);
      continue;
    }
    if (name != "cert" && name != "secret" && name != "alg" && name != "iss" && name != "aud") {
      return fault("unknown token validation constraint: " + name);
    }
    if (!text) return fault(name + " constraint: must be a string");
    std::string value(entry.value.as_string());
    if (name == "alg") out.algorithm = value;
    if (name == "iss") out.issuer = value;
    if (name == "aud") out.audience = value;
    if (name == "cert") {
      AW_TRY(out.keys, parse_keys(value));
      ++out.sources;
    }
    if (name == "secret" && !value.empty()) {
      out.keys.push_back(Key{nullptr, value, "", ""});
      ++out.sources;
    }
  }
  if (out.sources > 1) return fault("duplicate key constraints");
  if (out.sources < 1) return fault("no key constraint");
  return out;
}

// RFC 7515 §4.1.11: a critical parameter that is not understood makes the token invalid.
Result<bool> header_valid(Value const& header) {
  Value critical = header.get("crit");
  if (!critical.defined()) return true;
  if (!critical.is(Kind::array)) return fault("crit: must be a list");
  if (critical.size() == 0) return fault("crit: must be a nonempty list");
  const std::set<std::string_view> known = {"alg", "kid", "typ", "cty", "crit"};
  for (Value const& name : critical.items()) {
    if (!name.is(Kind::string)) return fault("crit: must be a list of strings");
    bool present = header.find(name) != nullptr;
    if (present && !known.contains(name.as_string())) return false;
  }
  return true;
}

bool audience_valid(Value const& audience, std::string const& wanted) {
  if (audience.is(Kind::string)) return audience.as_string() == wanted;
  return audience.is(Kind::array) && std::ranges::any_of(audience.items(), [&](Value const& v) {
           return v.is(Kind::string) && v.as_string() == wanted;
         });
}

Result<bool> claims_valid(Value const& claims, Constraints const& constraints) {
  if (!constraints.issuer.empty()) {
    Value issuer = claims.get("iss");
    if (!issuer.is(Kind::string) || issuer.as_string() != constraints.issuer) return false;
  }
  Value audience = claims.get("aud");
  if (audience.defined() ? !audience_valid(audience, constraints.audience)
                         : !constraints.audience.empty()) {
    return false;
  }
  Value expires = claims.get("exp");
  if (expires.defined() && !expires.is(Kind::number)) return fault("exp value must be a number");
  if (expires.defined() && compare(constraints.seconds, expires) >= 0) return false;
  Value starts = claims.get("nbf");
  if (starts.defined() && !starts.is(Kind::number)) return fault("nbf value must be a number");
  return !starts.defined() || compare(constraints.seconds, starts) >= 0;
}

Result<Value> decode_verify(std::string text, Constraints const& constraints) {
  Value const empty = Value::object(std::vector<Entry>{});
  Value invalid = Value::array({Value::boolean(false), empty, empty});
  for (int depth = 0; depth < kMaxNested; ++depth) {
    AW_TRY(JwtParts token, open_token(text));
    AW_TRY(bool valid, header_valid(token.header));
    if (!valid) return invalid;
    std::string algorithm(token.header.get("alg").as_string());
    if (!constraints.algorithm.empty() && constraints.algorithm != algorithm) return invalid;
    AW_TRY(std::string signature, signature_of(token));
    if (!verified_by(constraints.keys, token, algorithm, signature)) return invalid;
    AW_TRY(std::string payload, payload_of(token));
    if (text::equal_ignoring_case(token.header.get("cty").as_string(), "JWT")) {
      text = payload;
      continue;
    }
    AW_TRY(Value claims, json_object(payload));
    AW_TRY(bool fits, claims_valid(claims, constraints));
    if (!fits) return invalid;
    return Value::array({Value::boolean(true), token.header, claims});
  }
  return fault("JWT is nested too deeply");
}

Value jwt_decode_verify(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::object)) return {};
  Value now = Value::number(call.context.options->now.time_since_epoch().count());
  auto constraints = constraints_of(call[1], now);
  if (!constraints.ok()) return call.fail(constraints.error().message);
  auto verified = decode_verify(std::string(call.text(0)), *constraints);
  return verified.ok() ? *verified : call.fail(verified.error().message);
}

Result<std::string> algorithm_of(std::string_view header_text, Value& header) {
  std::string missing = "missing or invalid 'alg' header: ";
  if (header_text.empty()) return fault(missing + "cannot parse JSON: cannot parse empty string");
  auto parsed = parse_json(header_text);
  if (!parsed.ok() && header_text.starts_with('{')) return fault(missing + "cannot parse JSON");
  header = parsed.ok() ? *parsed : Value::null();
  Value named = header.get("alg");
  if (!named.is(Kind::string)) return fault(missing + "jwsbb: header \"alg\" not found");
  if (!is_jws_algorithm(named.as_string())) {
    return fault("unknown JWS algorithm: " + std::string(named.as_string()));
  }
  return std::string(named.as_string());
}

Result<std::string> sign(std::string_view header_text, std::string_view payload,
                         std::string_view key_text) {
  AW_TRY(auto keys, parse_keys(key_text));
  if (keys.empty()) return fault("no keys found in JWK set");
  Value header;
  AW_TRY(std::string algorithm, algorithm_of(header_text, header));
  Value type = header.get("typ");
  bool json_wanted = !type.is(Kind::string) || type.as_string() == "JWT";
  if (json_wanted && !parse_json(payload).ok()) return fault("type is JWT but payload is not JSON");
  std::string text = text::to_base64url(header_text) + "." + text::to_base64url(payload);
  AW_TRY(std::string signature, jws_sign(keys[0], algorithm, text));
  return text + "." + text::to_base64url(signature);
}

Value jwt_encode_sign_raw(BuiltinCall& call) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!call.want(i, Kind::string)) return {};
  }
  auto made = sign(call.text(0), call.text(1), call.text(2));
  return made.ok() ? Value::string(*made) : call.fail(made.error().message);
}

Value jwt_encode_sign(BuiltinCall& call) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!call.want(i, Kind::object)) return {};
  }
  auto made = sign(call[0].to_json(), call[1].to_json(), call[2].to_json());
  return made.ok() ? Value::string(*made) : call.fail(made.error().message);
}

constexpr Builtin kJwt[] = {
    {"io.jwt.decode", 1, jwt_decode},           {"io.jwt.decode_verify", 2, jwt_decode_verify},
    {"io.jwt.encode_sign", 3, jwt_encode_sign}, {"io.jwt.encode_sign_raw", 3, jwt_encode_sign_raw},
    {"io.jwt.verify_hs256", 2, verify_hs256},   {"io.jwt.verify_hs384", 2, verify_hs384},
    {"io.jwt.verify_hs512", 2, verify_hs512},   {"io.jwt.verify_rs256", 2, verify_rs256},
    {"io.jwt.verify_rs384", 2, verify_rs384},   {"io.jwt.verify_rs512", 2, verify_rs512},
    {"io.jwt.verify_ps256", 2, verify_ps256},   {"io.jwt.verify_ps384", 2, verify_ps384},
    {"io.jwt.verify_ps512", 2, verify_ps512},   {"io.jwt.verify_es256", 2, verify_es256},
    {"io.jwt.verify_es384", 2, verify_es384},   {"io.jwt.verify_es512", 2, verify_es512},
    {"io.jwt.verify_eddsa", 2, verify_eddsa},
};

}  // namespace

std::span<const Builtin> jwt_builtins() { return kJwt; }

}  // namespace aw::rego
