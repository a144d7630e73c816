// SPDX-License-Identifier: Apache-2.0
// Keys as Go's rsa, dsa, ecdsa and ed25519 types, and as JWKs (RFC 7517, RFC 8037).
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/rego/builtin_x509_value.h"

namespace aw::rego {
namespace {

struct ClearNumber {
  void operator()(BIGNUM* n) const { BN_clear_free(n); }
};
using Big = std::unique_ptr<BIGNUM, ClearNumber>;

Big parameter(EVP_PKEY const* key, char const* name) {
  BIGNUM* out = nullptr;
  EVP_PKEY_get_bn_param(key, name, &out);
  ERR_clear_error();
  return Big(out);
}

Value decimal(EVP_PKEY const* key, char const* name) {
  Big number = parameter(key, name);
  char* text = number ? BN_bn2dec(number.get()) : nullptr;
  if (text == nullptr) return Value::null();
  Value out = Value::number_text(text);
  OPENSSL_free(text);
  return out;
}

// Big-endian bytes; `size` 0: as few as it takes.
std::string big_endian(Big const& number, std::size_t size) {
  if (!number) return {};
  auto bytes = static_cast<std::size_t>(BN_num_bytes(number.get()));
  std::string out(std::max(size, bytes), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());  // NOLINT: OpenSSL's bytes
  BN_bn2binpad(number.get(), at, static_cast<int>(out.size()));
  return out;
}

Value url_text(EVP_PKEY const* key, char const* name, std::size_t size) {
  return Value::string(text::to_base64url(big_endian(parameter(key, name), size)));
}

std::string raw_public(EVP_PKEY const* key) {
  std::string out(64, '\0');
  std::size_t size = out.size();
  auto* at = reinterpret_cast<unsigned char*>(out.data());  // NOLINT
  bool ok = EVP_PKEY_get_raw_public_key(key, at, &size) == 1;
  ERR_clear_error();
  out.resize(ok ? size : 0);
  return out;
}

std::string raw_private(EVP_PKEY const* key) {
  std::string out(64, '\0');
  std::size_t size = out.size();
  auto* at = reinterpret_cast<unsigned char*>(out.data());  // NOLINT
  bool ok = EVP_PKEY_get_raw_private_key(key, at, &size) == 1;
  ERR_clear_error();
  out.resize(ok ? size : 0);
  return out;
}

Value rsa_private(EVP_PKEY const* key) {
  Value precomputed = Value::object({{"Dp", decimal(key, OSSL_PKEY_PARAM_RSA_EXPONENT1)},
                                     {"Dq", decimal(key, OSSL_PKEY_PARAM_RSA_EXPONENT2)},
                                     {"Qinv", decimal(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)},
                                     {"CRTValues", Value::array({})}});
  return Value::object({{"N", decimal(key, OSSL_PKEY_PARAM_RSA_N)},
                        {"E", decimal(key, OSSL_PKEY_PARAM_RSA_E)},
                        {"D", decimal(key, OSSL_PKEY_PARAM_RSA_D)},
                        {"Primes", Value::array({decimal(key, OSSL_PKEY_PARAM_RSA_FACTOR1),
                                                 decimal(key, OSSL_PKEY_PARAM_RSA_FACTOR2)})},
                        {"Precomputed", precomputed}});
}

Value rsa_jwk(EVP_PKEY const* key) {
  auto part = [&](char const* name) { return url_text(key, name, 0); };
  return Value::object({{"kty", Value::string("RSA")},
                        {"n", part(OSSL_PKEY_PARAM_RSA_N)},
                        {"e", part(OSSL_PKEY_PARAM_RSA_E)},
                        {"d", part(OSSL_PKEY_PARAM_RSA_D)},
                        {"p", part(OSSL_PKEY_PARAM_RSA_FACTOR1)},
                        {"q", part(OSSL_PKEY_PARAM_RSA_FACTOR2)},
                        {"dp", part(OSSL_PKEY_PARAM_RSA_EXPONENT1)},
                        {"dq", part(OSSL_PKEY_PARAM_RSA_EXPONENT2)},
                        {"qi", part(OSSL_PKEY_PARAM_RSA_COEFFICIENT1)}});
}

Result<Value> ec_jwk(EVP_PKEY const* key) {
  int bits = EVP_PKEY_get_bits(key);
  std::string_view curve = bits == 256   ? "P-256"
                           : bits == 384 ? "P-384"
                           : bits == 521 ? "P-521"
                                         : "";
  if (curve.empty()) return make_error(Code::policy_builtin, "the key's curve is not supported");
  auto size = static_cast<std::size_t>(bits + 7) / 8;
  return Value::object({{"kty", Value::string("EC")},
                        {"crv", Value::string(curve)},
                        {"x", url_text(key, OSSL_PKEY_PARAM_EC_PUB_X, size)},
                        {"y", url_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, size)},
                        {"d", url_text(key, OSSL_PKEY_PARAM_PRIV_KEY, size)}});
}

}  // namespace

int public_key_algorithm(EVP_PKEY* key) {
  switch (key == nullptr ? 0 : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return 1;
    case EVP_PKEY_DSA:
      return 2;
    case EVP_PKEY_EC:
      return 3;
    case EVP_PKEY_ED25519:
      return 4;
    default:
      return 0;
  }
}

bool has_known_curve(EVP_PKEY* key) {
  if (public_key_algorithm(key) != 3) return true;
  std::string name(80, '\0');
  std::size_t size = 0;
  int spelled_out = 0;  // parameters in the place of a name
  bool named = EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out);
  ERR_clear_error();
  name.resize(named ? size : 0);
  return spelled_out == 0 && (name == "secp224r1" || name == "prime256v1" || name == "secp384r1" ||
                              name == "secp521r1");
}

Value public_key_value(EVP_PKEY* key) {
  auto part = [&](char const* name) { return decimal(key, name); };
  switch (public_key_algorithm(key)) {
    case 1:
      return Value::object(
          {{"N", part(OSSL_PKEY_PARAM_RSA_N)}, {"E", part(OSSL_PKEY_PARAM_RSA_E)}});
    case 2:
      return Value::object({{"P", part(OSSL_PKEY_PARAM_FFC_P)},
                            {"Q", part(OSSL_PKEY_PARAM_FFC_Q)},
                            {"G", part(OSSL_PKEY_PARAM_FFC_G)},
                            {"Y", part(OSSL_PKEY_PARAM_PUB_KEY)}});
    case 3:
      return Value::object({{"Curve", Value::object(std::vector<Entry>{})},
                            {"X", part(OSSL_PKEY_PARAM_EC_PUB_X)},
                            {"Y", part(OSSL_PKEY_PARAM_EC_PUB_Y)}});
    case 4:
      return base64_value(raw_public(key));
    default:
      return Value::null();
  }
}

Value private_key_value(EVP_PKEY* key) {
  switch (public_key_algorithm(key)) {
    case 1:
      return rsa_private(key);
    case 3:
      return Value::object({{"Curve", Value::object(std::vector<Entry>{})},
                            {"X", decimal(key, OSSL_PKEY_PARAM_EC_PUB_X)},
                            {"Y", decimal(key, OSSL_PKEY_PARAM_EC_PUB_Y)},
                            {"D", decimal(key, OSSL_PKEY_PARAM_PRIV_KEY)}});
    case 4:  // RFC 8032 private key, and the public one behind it
      return base64_value(raw_private(key) + raw_public(key));
    default:
      return Value::null();
  }
}

Result<Value> private_key_jwk(EVP_PKEY* key) {
  switch (public_key_algorithm(key)) {
    case 1:
      return rsa_jwk(key);
    case 3:
      return ec_jwk(key);
    case 4:
      return Value::object({{"kty", Value::string("OKP")},
                            {"crv", Value::string("Ed25519")},
                            {"x", Value::string(text::to_base64url(raw_public(key)))},
                            {"d", Value::string(text::to_base64url(raw_private(key)))}});
    default:
      return make_error(Code::policy_builtin, "the key's kind is not supported");
  }
}

}  // namespace aw::rego
