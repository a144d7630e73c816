// SPDX-License-Identifier: Apache-2.0
#include "core/identity/jwk.h"

#include <nlohmann/json.hpp>

#include "core/base/text.h"

namespace aw::identity {
namespace {

Result<std::string> bytes_member(json::Json const& jwk, char const* name) {
  auto bytes = text::from_base64url(string_member(jwk, name));
  if (!bytes || bytes->empty()) {
    return make_error(Code::bundle_malformed,
                      std::string("member '") + name + "' of a key is missing or not base64url");
  }
  return std::move(*bytes);
}

}  // namespace

std::string string_member(json::Json const& object, char const* name) {
  if (!object.is_object()) return {};
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<json::Json> to_jwk(tls::PublicKey const& key) {
  AW_TRY(auto const numbers, key.numbers());
  json::Json jwk = json::Json::object();
  jwk["kty"] = numbers.type;
  auto const put = [&](char const* name, std::string const& bytes) {
    if (!bytes.empty()) jwk[name] = text::to_base64url(bytes);
  };
  if (!numbers.curve.empty()) jwk["crv"] = numbers.curve;
  put("x", numbers.x);
  put("y", numbers.y);
  put("n", numbers.n);
  put("e", numbers.e);
  return jwk;
}

Result<tls::PublicKey> from_jwk(json::Json const& jwk) {
  tls::KeyNumbers numbers;
  numbers.type = string_member(jwk, "kty");
  numbers.curve = string_member(jwk, "crv");
  if (numbers.type == "RSA") {
    AW_TRY(numbers.n, bytes_member(jwk, "n"));
    AW_TRY(numbers.e, bytes_member(jwk, "e"));
  } else {
    AW_TRY(numbers.x, bytes_member(jwk, "x"));
    if (numbers.type == "EC") {
      AW_TRY(numbers.y, bytes_member(jwk, "y"));
    }
  }
  auto key = tls::PublicKey::from_numbers(numbers);
  if (!key.ok()) return make_error(Code::bundle_malformed, key.error().message);
  return key;
}

}  // namespace aw::identity
