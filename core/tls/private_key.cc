// SPDX-License-Identifier: Apache-2.0
#include "core/tls/private_key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "core/base/text.h"
#include "core/tls/openssl.h"

namespace aw::tls {
namespace {

using Pkcs8Ptr = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using EcdsaPtr = Owned<ECDSA_SIG, ECDSA_SIG_free>;

constexpr int kLeastPrivateRsaBits = 2048;

Error bad_private_key(std::string what) { return make_error(Code::key_malformed, std::move(what)); }

// No terminal is asked for a passphrase: a daemon has none.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

Result<PkeyPtr> usable(PkeyPtr key) {
  EVP_PKEY const* raw = key.get();
  bool const known =
      EVP_PKEY_is_a(raw, "EC") == 1 || EVP_PKEY_is_a(raw, "ED25519") == 1 ||
      (EVP_PKEY_is_a(raw, "RSA") == 1 && EVP_PKEY_get_bits(raw) >= kLeastPrivateRsaBits);
  if (!known)
    return bad_private_key("a private key of kind " + describe(raw) + " is not used here");
  return key;
}

Result<PkeyPtr> parse_pkcs8(std::string_view der, OSSL_LIB_CTX* library) {
  if (der.empty() || der.size() > PrivateKey::kMaxBytes) {
    return bad_private_key("a private key of " + std::to_string(der.size()) + " bytes");
  }
  unsigned char const* at = bytes(der);
  Pkcs8Ptr const info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr) return library_error(Code::key_malformed, "read a private key");
  if (at != bytes(der) + der.size()) return bad_private_key("bytes follow the private key");
  PkeyPtr key(EVP_PKCS82PKEY_ex(info.get(), library, nullptr));
  if (key == nullptr) return library_error(Code::key_malformed, "read a private key");
  return usable(std::move(key));
}

EVP_PKEY* generate_raw(KeyType type) {
  switch (type) {
    case KeyType::p256:
      return EVP_EC_gen("P-256");
    case KeyType::p384:
      return EVP_EC_gen("P-384");
    case KeyType::rsa2048:
      return EVP_RSA_gen(2048);
    case KeyType::rsa4096:
      return EVP_RSA_gen(4096);
    case KeyType::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

// From the library's DER to r and s side by side (RFC 7518 §3.4).
Result<std::string> ecdsa_raw(std::string_view der, int half) {
  unsigned char const* at = bytes(der);
  EcdsaPtr const pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string out(static_cast<std::size_t>(half) * 2, '\0');
  auto* into = reinterpret_cast<unsigned char*>(out.data());
  if (pair == nullptr || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), into, half) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), into + half, half) < 0) {
    return library_error(Code::key_malformed, "write a signature");
  }
  return out;
}

}  // namespace

Result<PkeyPtr> copy_into(PrivateKey const& key, OSSL_LIB_CTX* library) {
  AW_TRY(Secret const der, key.pkcs8_der());
  return parse_pkcs8(der.reveal(), library);
}

Result<PrivateKey> PrivateKey::from_pkcs8_der(std::string_view der) {
  AW_TRY(PkeyPtr key, parse_pkcs8(der, nullptr));
  return PrivateKey(std::make_shared<Impl>(std::move(key)));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > kMaxBytes) return bad_private_key("a private key file of too many bytes");
  BioPtr const in = read_from(pem);
  PkeyPtr key(in == nullptr ? nullptr
                            : PEM_read_bio_PrivateKey_ex(in.get(), nullptr, no_passphrase, nullptr,
                                                         nullptr, nullptr));
  if (key == nullptr) {
    return library_error(Code::key_malformed, "read a private key from PEM",
                         "it must be an unencrypted PRIVATE KEY block");
  }
  AW_TRY(key, usable(std::move(key)));
  return PrivateKey(std::make_shared<Impl>(std::move(key)));
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  PkeyPtr key(generate_raw(type));
  if (key == nullptr) return library_error(Code::internal, "generate a private key");
  return PrivateKey(std::make_shared<Impl>(std::move(key)));
}

Result<Secret> PrivateKey::pkcs8_der() const {
  if (empty()) return bad_private_key("there is no private key");
  Pkcs8Ptr const info(EVP_PKEY2PKCS8(impl_->key.get()));
  unsigned char* data = nullptr;
  int const size = info == nullptr ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info.get(), &data);
  if (size <= 0) return library_error(Code::key_malformed, "write a private key");
  Secret out(text_of(data, static_cast<std::size_t>(size)));
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return out;
}

Result<Secret> PrivateKey::pem() const {
  AW_TRY(Secret const der, pkcs8_der());
  std::string base64 = text::to_base64(der.reveal());
  std::string out;
  out.reserve(base64.size() + base64.size() / 64 + 64);  // grown in place: no copies left behind
  out += "-----BEGIN PRIVATE KEY-----\n";
  for (std::size_t at = 0; at < base64.size(); at += 64) {
    out.append(base64, at, 64);
    out += '\n';
  }
  out += "-----END PRIVATE KEY-----\n";
  wipe(base64);
  return Secret(std::move(out));
}

Result<PublicKey> PrivateKey::public_key() const {
  if (empty()) return bad_private_key("there is no private key");
  std::lock_guard const lock(impl_->mutex);
  if (impl_->half) return *impl_->half;
  unsigned char* data = nullptr;
  int const size = i2d_PUBKEY(impl_->key.get(), &data);
  if (size <= 0) return library_error(Code::key_malformed, "write a public key");
  std::string const der = text_of(data, static_cast<std::size_t>(size));
  OPENSSL_free(data);
  AW_TRY(impl_->half, PublicKey::from_spki_der(der));
  return *impl_->half;
}

bool PrivateKey::matches(Certificate const& certificate) const {
  if (empty()) return false;
  bool const same = X509_check_private_key(native(certificate), impl_->key.get()) == 1;
  ERR_clear_error();
  return same;
}

Result<std::string> PrivateKey::sign(SignatureAlgorithm algorithm, std::string_view message) const {
  AW_TRY(PublicKey const half, public_key());
  if (!half.fits(algorithm)) {
    return bad_private_key("a key of kind " + half.description() + " does not sign with " +
                           std::string(algorithm_name(algorithm)));
  }
  EVP_MD const* digest = EVP_sha256();
  if (algorithm == SignatureAlgorithm::es384) digest = EVP_sha384();
  if (algorithm == SignatureAlgorithm::eddsa) digest = nullptr;
  MdCtxPtr const context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // the digest's own
  bool const pss = algorithm == SignatureAlgorithm::ps256;
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), &padding, digest, nullptr, impl_->key.get()) != 1 ||
      (pss && !use_pss(padding)) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes(message), message.size()) != 1) {
    return library_error(Code::key_malformed, "sign");
  }
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     bytes(message), message.size()) != 1) {
    return library_error(Code::key_malformed, "sign");
  }
  out.resize(size);
  if (algorithm == SignatureAlgorithm::es256) return ecdsa_raw(out, 32);
  if (algorithm == SignatureAlgorithm::es384) return ecdsa_raw(out, 48);
  return out;
}

}  // namespace aw::tls
