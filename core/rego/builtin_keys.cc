// SPDX-License-Identifier: Apache-2.0
#include "core/rego/builtin_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "core/base/secret.h"
#include "core/rego/base64.h"
#include "core/rego/builtin_x509_value.h"

namespace aw::rego {
namespace {

enum class KeyFamily : std::uint8_t { hmac, rsa, pss, ecdsa, eddsa };

struct Algorithm {
  std::string_view name;
  KeyFamily family;
  EVP_MD const* (*digest)();
};
constexpr Algorithm kAlgorithms[] = {
    {"HS256", KeyFamily::hmac, EVP_sha256},  {"HS384", KeyFamily::hmac, EVP_sha384},
    {"HS512", KeyFamily::hmac, EVP_sha512},  {"RS256", KeyFamily::rsa, EVP_sha256},
    {"RS384", KeyFamily::rsa, EVP_sha384},   {"RS512", KeyFamily::rsa, EVP_sha512},
    {"PS256", KeyFamily::pss, EVP_sha256},   {"PS384", KeyFamily::pss, EVP_sha384},
    {"PS512", KeyFamily::pss, EVP_sha512},   {"ES256", KeyFamily::ecdsa, EVP_sha256},
    {"ES384", KeyFamily::ecdsa, EVP_sha384}, {"ES512", KeyFamily::ecdsa, EVP_sha512},
    {"EdDSA", KeyFamily::eddsa, nullptr},
};

Algorithm const* algorithm_of(std::string_view name) {
  for (Algorithm const& known : kAlgorithms) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

unsigned char const* bytes_of(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());  // NOLINT: OpenSSL's bytes
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());  // NOLINT
}

bool fits(Key const& key, KeyFamily family) {
  if (family == KeyFamily::hmac) return key.asymmetric == nullptr && !key.secret.empty();
  if (!key.asymmetric) return false;
  int base = EVP_PKEY_get_base_id(key.asymmetric.get());
  if (family == KeyFamily::ecdsa) return base == EVP_PKEY_EC;
  if (family == KeyFamily::eddsa) return base == EVP_PKEY_ED25519;
  return base == EVP_PKEY_RSA;
}

struct BnFree {
  void operator()(BIGNUM* n) const { BN_clear_free(n); }
};
using Number = std::unique_ptr<BIGNUM, BnFree>;

Number number_of(Value const& jwk, std::string_view name) {
  auto raw = decode_base64(jwk.get(name).as_string(), Base64::url_raw);
  if (!raw.ok() || raw->empty()) return nullptr;
  return Number(BN_bin2bn(bytes_of(*raw), static_cast<int>(raw->size()), nullptr));
}

struct BuildFree {
  void operator()(OSSL_PARAM_BLD* b) const { OSSL_PARAM_BLD_free(b); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
  void operator()(EVP_PKEY_CTX* c) const { EVP_PKEY_CTX_free(c); }
};

std::shared_ptr<EVP_PKEY> key_from(char const* type, OSSL_PARAM_BLD* build, int selection) {
  std::unique_ptr<OSSL_PARAM, BuildFree> params(OSSL_PARAM_BLD_to_param(build));
  std::unique_ptr<EVP_PKEY_CTX, BuildFree> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  bool ok = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
            EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) == 1;
  ERR_clear_error();
  return ok ? std::shared_ptr<EVP_PKEY>(key, OpensslFree{}) : nullptr;
}

std::shared_ptr<EVP_PKEY> rsa_key(Value const& jwk) {
  std::unique_ptr<OSSL_PARAM_BLD, BuildFree> build(OSSL_PARAM_BLD_new());
  constexpr std::pair<std::string_view, char const*> kParts[] = {
      {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
      {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
  std::vector<Number> held;
  bool secret = jwk.get("d").defined();
  for (auto const& [name, parameter] : kParts) {
    Number number = number_of(jwk, name);
    bool needed = name == "n" || name == "e";
    if (!number && needed) return nullptr;
    if (!number || (!secret && !needed)) continue;
    if (BN_num_bits(number.get()) > 16'384) return nullptr;
    OSSL_PARAM_BLD_push_BN(build.get(), parameter, number.get());
    held.push_back(std::move(number));
  }
  return key_from("RSA", build.get(), secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

std::shared_ptr<EVP_PKEY> ec_key(Value const& jwk) {
  std::string_view curve = jwk.get("crv").as_string();
  char const* group = curve == "P-256"   ? "prime256v1"
                      : curve == "P-384" ? "secp384r1"
                      : curve == "P-521" ? "secp521r1"
                                         : nullptr;
  if (group == nullptr) return nullptr;
  std::size_t size = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
  auto x = decode_base64(jwk.get("x").as_string(), Base64::url_raw);
  auto y = decode_base64(jwk.get("y").as_string(), Base64::url_raw);
  if (!x.ok() || !y.ok() || x->size() > size || y->size() > size) return nullptr;
  std::string point =
      "\x04" + std::string(size - x->size(), '\0') + *x + std::string(size - y->size(), '\0') + *y;
  std::unique_ptr<OSSL_PARAM_BLD, BuildFree> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  Number secret = jwk.get("d").defined() ? number_of(jwk, "d") : nullptr;
  if (secret) OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return key_from("EC", build.get(), secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

std::shared_ptr<EVP_PKEY> okp_key(Value const& jwk) {
  if (jwk.get("crv").as_string() != "Ed25519") return nullptr;
  auto x = decode_base64(jwk.get("x").as_string(), Base64::url_raw);
  if (!x.ok()) return nullptr;
  EVP_PKEY* key = nullptr;
  if (jwk.get("d").defined()) {
    auto d = decode_base64(jwk.get("d").as_string(), Base64::url_raw);
    if (!d.ok()) return nullptr;
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(*d), d->size());
  } else {
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size());
  }
  ERR_clear_error();
  return key == nullptr ? nullptr : std::shared_ptr<EVP_PKEY>(key, OpensslFree{});
}

Result<Key> key_of(Value const& jwk) {
  auto fault = [] { return make_error(Code::policy_builtin, "failed to parse a JWK key (set)"); };
  if (!jwk.is(Kind::object)) return fault();
  Key key;
  key.id = jwk.get("kid").as_string();
  key.algorithm = jwk.get("alg").as_string();
  std::string_view type = jwk.get("kty").as_string();
  if (type == "oct") {
    auto secret = decode_base64(jwk.get("k").as_string(), Base64::url_raw);
    if (!secret.ok()) return fault();
    key.secret = *secret;
    return key;
  }
  key.asymmetric = type == "RSA"   ? rsa_key(jwk)
                   : type == "EC"  ? ec_key(jwk)
                   : type == "OKP" ? okp_key(jwk)
                                   : nullptr;
  if (!key.asymmetric) return fault();
  return key;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

Result<std::vector<Key>> pem_keys(std::string_view text) {
  Held<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool certificate = text.contains("BEGIN CERTIFICATE-");
  Key key;
  EVP_PKEY* found = nullptr;
  if (certificate) {
    Held<X509> parsed(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!parsed) return make_error(Code::policy_builtin, "failed to parse a PEM certificate");
    found = X509_get_pubkey(parsed.get());
  } else {
    found = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  }
  ERR_clear_error();
  if (found == nullptr) {
    return make_error(Code::policy_builtin,
                      certificate ? "failed to parse a PEM certificate"
                                  : "failed to extract a Key from the PEM certificate");
  }
  key.asymmetric = std::shared_ptr<EVP_PKEY>(found, OpensslFree{});
  if (!has_known_curve(found))
    return make_error(Code::policy_builtin, "x509: unsupported elliptic curve");
  std::string_view marker = "-----END ";
  std::size_t end = text.find(marker);
  std::size_t after = end == std::string_view::npos ? end : text.find("-----", end + marker.size());
  bool extra = after != std::string_view::npos && !trimmed(text.substr(after + 5)).empty();
  if (extra) return make_error(Code::policy_builtin, "extra data after a PEM certificate block");
  return std::vector<Key>{key};
}

// r and s, each as long as the curve's order, into DER; and back.
std::string ecdsa_der(std::string_view raw) {
  std::size_t half = raw.size() / 2;
  ECDSA_SIG* signature = ECDSA_SIG_new();
  BIGNUM* r = BN_bin2bn(bytes_of(raw), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw.substr(half)), static_cast<int>(raw.size() - half), nullptr);
  std::string out;
  if (signature != nullptr && ECDSA_SIG_set0(signature, r, s) == 1) {
    int length = i2d_ECDSA_SIG(signature, nullptr);
    out.resize(static_cast<std::size_t>(std::max(length, 0)));
    unsigned char* at = bytes_of(out);
    i2d_ECDSA_SIG(signature, &at);
  }
  ECDSA_SIG_free(signature);
  return out;
}

std::string ecdsa_raw(std::string const& der, std::size_t size) {
  unsigned char const* at = bytes_of(std::string_view(der));
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  std::string out(size * 2, '\0');
  if (signature != nullptr) {
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes_of(out), static_cast<int>(size));
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes_of(out) + size, static_cast<int>(size));
    ECDSA_SIG_free(signature);
  }
  return out;
}

std::string hmac(Key const& key, Algorithm const& algorithm, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  HMAC(algorithm.digest(), key.secret.data(), static_cast<int>(key.secret.size()), bytes_of(text),
       text.size(), bytes_of(out), &length);
  out.resize(length);
  return out;
}

bool set_padding(EVP_PKEY_CTX* context, KeyFamily family, int salt) {
  if (family != KeyFamily::pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1;
}

}  // namespace

bool is_jws_algorithm(std::string_view algorithm) { return algorithm_of(algorithm) != nullptr; }

Result<std::vector<Key>> parse_keys(std::string_view text) {
  if (text.contains("-----BEGIN ")) return pem_keys(text);
  auto fault = [] { return make_error(Code::policy_builtin, "failed to parse a JWK key (set)"); };
  auto json = parse_json(text);
  if (!json.ok() || !json->is(Kind::object)) return fault();
  std::vector<Key> keys;
  Value set = json->get("keys");
  if (!set.is(Kind::array)) set = Value::array({*json});
  for (Value const& jwk : set.items()) {
    AW_TRY(Key key, key_of(jwk));
    bool usable = key.algorithm.empty() || is_jws_algorithm(key.algorithm);
    if (usable) keys.push_back(std::move(key));
  }
  return keys;
}

bool jws_verify(Key const& key, std::string_view name, std::string_view text,
                std::string_view signature) {
  Algorithm const* algorithm = algorithm_of(name);
  if (algorithm == nullptr || !fits(key, algorithm->family)) return false;
  if (algorithm->family == KeyFamily::hmac) {
    return equal_constant_time(hmac(key, *algorithm, text), signature);
  }
  std::string der;
  if (algorithm->family == KeyFamily::ecdsa) {
    der = ecdsa_der(signature);
    signature = der;
  }
  Held<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  EVP_MD const* digest = algorithm->digest == nullptr ? nullptr : algorithm->digest();
  bool ok =
      context &&
      EVP_DigestVerifyInit(context.get(), &inner, digest, nullptr, key.asymmetric.get()) == 1 &&
      set_padding(inner, algorithm->family, RSA_PSS_SALTLEN_AUTO) &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                       text.size()) == 1;
  ERR_clear_error();
  return ok;
}

Result<std::string> jws_sign(Key const& key, std::string_view name, std::string_view text) {
  Algorithm const* algorithm = algorithm_of(name);
  if (algorithm == nullptr || !fits(key, algorithm->family)) {
    return make_error(Code::policy_builtin, "the key does not fit the algorithm");
  }
  if (algorithm->family == KeyFamily::hmac) return hmac(key, *algorithm, text);
  Held<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  EVP_MD const* digest = algorithm->digest == nullptr ? nullptr : algorithm->digest();
  std::size_t length = 0;
  bool ok = context &&
            EVP_DigestSignInit(context.get(), &inner, digest, nullptr, key.asymmetric.get()) == 1 &&
            set_padding(inner, algorithm->family, RSA_PSS_SALTLEN_DIGEST) &&
            EVP_DigestSign(context.get(), nullptr, &length, bytes_of(text), text.size()) == 1;
  std::string out(length, '\0');
  ok =
      ok && EVP_DigestSign(context.get(), bytes_of(out), &length, bytes_of(text), text.size()) == 1;
  ERR_clear_error();
  if (!ok) return make_error(Code::policy_builtin, "signing does not work with this key");
  out.resize(length);
  if (algorithm->family != KeyFamily::ecdsa) return out;
  int bits = EVP_PKEY_get_bits(key.asymmetric.get());
  return ecdsa_raw(out, static_cast<std::size_t>(bits + 7) / 8);
}

}  // namespace aw::rego
