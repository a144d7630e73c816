// SPDX-License-Identifier: Apache-2.0
#include "core/tls/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <tuple>
#include <utility>

#include "core/base/text.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

using ParamsPtr = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using BuilderPtr = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using EcdsaPtr = Owned<ECDSA_SIG, ECDSA_SIG_free>;

struct Algorithm {
  SignatureAlgorithm id;
  std::string_view name;
};
constexpr auto kAlgorithms = std::to_array<Algorithm>({{SignatureAlgorithm::es256, "ES256"},
                                                       {SignatureAlgorithm::es384, "ES384"},
                                                       {SignatureAlgorithm::rs256, "RS256"},
                                                       {SignatureAlgorithm::ps256, "PS256"},
                                                       {SignatureAlgorithm::eddsa, "EdDSA"}});

constexpr int kLeastRsaBits = 2048;
constexpr std::size_t kMostNumberBytes = 1024;  // an 8192-bit modulus

Error bad_key(std::string what) { return make_error(Code::key_malformed, std::move(what)); }

struct Curve {
  std::string_view jwk;
  char const* group;
  std::size_t bytes;
};
constexpr auto kCurves =
    std::to_array<Curve>({{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}});

Curve const* find_curve(std::string_view name) {
  for (auto const& curve : kCurves) {
    if (curve.jwk == name) return &curve;
  }
  return nullptr;
}

std::string number_param(EVP_PKEY const* key, char const* name, std::size_t width) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) {
    ERR_clear_error();
    return {};
  }
  BnPtr const number(raw);
  std::size_t const size = width != 0 ? width : static_cast<std::size_t>(BN_num_bytes(raw));
  std::string out(size, '\0');
  if (BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) < 0) {
    return {};
  }
  return out;
}

Result<PkeyPtr> from_params(char const* type, OSSL_PARAM_BLD* builder) {
  ParamsPtr const params(OSSL_PARAM_BLD_to_param(builder));
  PkeyCtxPtr const context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return library_error(Code::key_malformed, "read a public key");
  }
  return PkeyPtr(key);
}

Result<PkeyPtr> ec_key(KeyNumbers const& numbers) {
  Curve const* curve = find_curve(numbers.curve);
  if (curve == nullptr) return bad_key("curve " + text::printable(numbers.curve) + " is not known");
  if (numbers.x.size() != curve->bytes || numbers.y.size() != curve->bytes) {
    return bad_key("coordinates of the wrong length for " + numbers.curve);
  }
  std::string const point = "\x04" + numbers.x + numbers.y;  // SEC 1 §2.3.3
  BuilderPtr const builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return library_error(Code::key_malformed, "read an EC key");
  }
  return from_params("EC", builder.get());
}

Result<PkeyPtr> rsa_key(KeyNumbers const& numbers) {
  if (numbers.n.size() > kMostNumberBytes || numbers.e.size() > 8) {
    return bad_key("RSA key too large");
  }
  BnPtr const n(BN_bin2bn(bytes(numbers.n), static_cast<int>(numbers.n.size()), nullptr));
  BnPtr const e(BN_bin2bn(bytes(numbers.e), static_cast<int>(numbers.e.size()), nullptr));
  if (n == nullptr || e == nullptr || BN_num_bits(n.get()) < kLeastRsaBits ||
      BN_is_odd(e.get()) == 0) {
    return bad_key("RSA key too small");
  }
  BuilderPtr const builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return library_error(Code::key_malformed, "read an RSA key");
  }
  return from_params("RSA", builder.get());
}

Result<PkeyPtr> edwards_key(KeyNumbers const& numbers) {
  if (numbers.curve != "Ed25519")
    return bad_key("curve " + text::printable(numbers.curve) + " is not known");
  PkeyPtr key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes(numbers.x),
                                             numbers.x.size()));
  if (key == nullptr) return library_error(Code::key_malformed, "read an Ed25519 key");
  return key;
}

// JWS has r and s side by side (RFC 7518 §3.4), the library wants them in DER.
std::string ecdsa_der(std::string_view signature) {
  auto const half = signature.size() / 2;
  EcdsaPtr const pair(ECDSA_SIG_new());
  BnPtr r(BN_bin2bn(bytes(signature), static_cast<int>(half), nullptr));
  BnPtr s(BN_bin2bn(bytes(signature) + half, static_cast<int>(half), nullptr));
  if (pair == nullptr || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) {
    return {};
  }
  std::ignore = r.release();  // the pair owns both now
  std::ignore = s.release();
  unsigned char* der = nullptr;
  int const size = i2d_ECDSA_SIG(pair.get(), &der);
  std::string out = size > 0 ? text_of(der, static_cast<std::size_t>(size)) : std::string{};
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::string_view algorithm_name(SignatureAlgorithm algorithm) {
  for (auto const& known : kAlgorithms) {
    if (known.id == algorithm) return known.name;
  }
  return "";
}

std::optional<SignatureAlgorithm> parse_algorithm(std::string_view name) {
  for (auto const& known : kAlgorithms) {
    if (known.name == name) return known.id;
  }
  return std::nullopt;
}

std::string curve_of(EVP_PKEY const* key) {
  std::array<char, 64> name{};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) {
    ERR_clear_error();
    return {};
  }
  std::string_view const group = name.data();
  for (auto const& curve : kCurves) {
    if (group == curve.group) return std::string(curve.jwk);
  }
  return std::string(group);
}

std::string describe(EVP_PKEY const* key) {
  if (key == nullptr) return "unknown";
  if (EVP_PKEY_is_a(key, "EC") == 1) return "ECDSA " + curve_of(key);
  if (EVP_PKEY_is_a(key, "RSA") == 1) return "RSA " + std::to_string(EVP_PKEY_get_bits(key));
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return "Ed25519";
  char const* name = EVP_PKEY_get0_type_name(key);
  return name == nullptr ? "unknown" : name;
}

Result<PublicKey> PublicKey::from_spki_der(std::string_view der) {
  if (der.size() > PrivateKey::kMaxBytes) return bad_key("a public key of too many bytes");
  unsigned char const* at = bytes(der);
  PkeyPtr key(d2i_PUBKEY_ex(nullptr, &at, static_cast<long>(der.size()), nullptr, nullptr));
  if (key == nullptr) return library_error(Code::key_malformed, "read a public key");
  if (at != bytes(der) + der.size()) return bad_key("bytes follow the public key");
  return PublicKey(std::make_shared<Impl>(Impl{std::move(key)}));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > PrivateKey::kMaxBytes) return bad_key("a public key of too many bytes");
  BioPtr const in = read_from(pem);
  PkeyPtr key(in == nullptr ? nullptr : PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return library_error(Code::key_malformed, "read a public key",
                         "it is PEM, and begins with -----BEGIN PUBLIC KEY-----");
  }
  return PublicKey(std::make_shared<Impl>(Impl{std::move(key)}));
}

Result<PublicKey> PublicKey::from_numbers(KeyNumbers const& numbers) {
  auto key = [&]() -> Result<PkeyPtr> {
    if (numbers.type == "EC") return ec_key(numbers);
    if (numbers.type == "RSA") return rsa_key(numbers);
    if (numbers.type == "OKP") return edwards_key(numbers);
    return bad_key("key type " + text::printable(numbers.type) + " is not known");
  }();
  if (!key.ok()) return std::move(key).error();
  return PublicKey(std::make_shared<Impl>(Impl{std::move(key).value()}));
}

Result<PublicKey> PublicKey::of(Certificate const& certificate) {
  AW_TRY(X509Ptr const copy, copy_into(certificate, nullptr));
  return PublicKey(std::make_shared<Impl>(Impl{PkeyPtr(X509_get_pubkey(copy.get()))}));
}

Result<std::string> PublicKey::spki_der() const {
  unsigned char* data = nullptr;
  int const size = i2d_PUBKEY(impl_->key.get(), &data);
  if (size <= 0) return library_error(Code::key_malformed, "write a public key");
  std::string out = text_of(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

Result<KeyNumbers> PublicKey::numbers() const {
  EVP_PKEY const* key = impl_->key.get();
  KeyNumbers out;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    out.type = "RSA";
    out.n = number_param(key, OSSL_PKEY_PARAM_RSA_N, 0);
    out.e = number_param(key, OSSL_PKEY_PARAM_RSA_E, 0);
    return out;
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    out.type = "OKP";
    out.curve = "Ed25519";
    std::size_t size = 32;
    out.x.resize(size);
    if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(out.x.data()), &size) !=
        1) {
      return library_error(Code::key_malformed, "write a public key");
    }
    return out;
  }
  Curve const* curve = EVP_PKEY_is_a(key, "EC") == 1 ? find_curve(curve_of(key)) : nullptr;
  if (curve == nullptr) return bad_key("a key of kind " + description() + " has no JWK form here");
  out.type = "EC";
  out.curve = curve->jwk;
  out.x = number_param(key, OSSL_PKEY_PARAM_EC_PUB_X, curve->bytes);
  out.y = number_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->bytes);
  return out;
}

std::string PublicKey::description() const { return describe(impl_->key.get()); }

std::optional<SignatureAlgorithm> PublicKey::algorithm() const {
  EVP_PKEY const* key = impl_->key.get();
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= kLeastRsaBits) {
    return SignatureAlgorithm::rs256;
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return SignatureAlgorithm::eddsa;
  if (EVP_PKEY_is_a(key, "EC") != 1) return std::nullopt;
  std::string const curve = curve_of(key);
  if (curve == "P-256") return SignatureAlgorithm::es256;
  if (curve == "P-384") return SignatureAlgorithm::es384;
  return std::nullopt;
}

bool PublicKey::fits(SignatureAlgorithm wanted) const {
  auto const own = algorithm();
  bool const rsa = own == SignatureAlgorithm::rs256;
  return own == wanted || (rsa && wanted == SignatureAlgorithm::ps256);
}

// RFC 7518 §3.5: the salt is as long as the hash.
bool use_pss(EVP_PKEY_CTX* context) {
  constexpr int kSalt = 32;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, kSalt) == 1;
}

bool PublicKey::verify(SignatureAlgorithm algorithm_used, std::string_view message,
                       std::string_view signature) const {
  if (!fits(algorithm_used)) return false;
  EVP_MD const* digest = EVP_sha256();
  std::string der(signature);
  if (algorithm_used == SignatureAlgorithm::eddsa) digest = nullptr;
  if (algorithm_used == SignatureAlgorithm::es384) digest = EVP_sha384();
  if (algorithm_used == SignatureAlgorithm::es256 || algorithm_used == SignatureAlgorithm::es384) {
    std::size_t const size = algorithm_used == SignatureAlgorithm::es256 ? 64 : 96;
    if (signature.size() != size) return false;
    der = ecdsa_der(signature);
  }
  MdCtxPtr const context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // the digest's own
  bool const pss = algorithm_used == SignatureAlgorithm::ps256;
  bool const good =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), &padding, digest, nullptr, impl_->key.get()) == 1 &&
      (!pss || use_pss(padding)) &&
      EVP_DigestVerify(context.get(), bytes(der), der.size(), bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<std::string> thumbprint(PublicKey const& key) {
  AW_TRY(KeyNumbers const numbers, key.numbers());
  auto const field = [](std::string_view name, std::string_view value) {
    return "\"" + std::string(name) + "\":\"" + std::string(value) + "\"";
  };
  auto const encoded = [](std::string const& raw) { return text::to_base64url(raw); };
  std::string json;  // members in alphabetical order, RFC 7638 §3.2
  if (numbers.type == "RSA") {
    json = "{" + field("e", encoded(numbers.e)) + "," + field("kty", "RSA") + "," +
           field("n", encoded(numbers.n)) + "}";
  } else {
    json = "{" + field("crv", numbers.curve) + "," + field("kty", numbers.type) + "," +
           field("x", encoded(numbers.x));
    if (numbers.type == "EC") json += "," + field("y", encoded(numbers.y));
    json += "}";
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(json.data(), json.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return library_error(Code::internal, "hash a key");
  }
  return text::to_base64url(text_of(digest.data(), size));
}

}  // namespace aw::tls
