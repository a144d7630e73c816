// SPDX-License-Identifier: Apache-2.0
// Keys of the io.jwt and crypto builtins: PEM, JWK and JWK sets; signing and checking with them.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/rego/builtin.h"

namespace aw::rego {

// Owners of OpenSSL's objects, one kind of deleter for all.
struct OpensslFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Held = std::unique_ptr<T, OpensslFree>;

// An asymmetric key, or the bytes of a symmetric one.
// `id` and `algorithm` are a JWK's kid and alg, empty otherwise. One of the first two is set; a
// key with neither (an empty `k`) fits no algorithm.
struct Key {
  std::shared_ptr<EVP_PKEY> asymmetric;
  std::string secret;
  std::string id;
  std::string algorithm;
};

// A certificate or public key in PEM, a JWK or a JWK set.
// One key of PEM, and nothing behind it. Of a set, keys whose alg is unknown are left out.
// Code::policy_builtin, in OPA's words.
[[nodiscard]] Result<std::vector<Key>> parse_keys(std::string_view text);

[[nodiscard]] bool is_jws_algorithm(std::string_view algorithm);  // HS256 … EdDSA
// RFC 7518 §3. False also when the key is not of the algorithm's kind: an RSA key never checks an
// HMAC. HMACs are compared in constant time.
[[nodiscard]] bool jws_verify(Key const& key, std::string_view algorithm,
                              std::string_view signed_text, std::string_view signature);
// The signature's bytes, for ECDSA r and s side by side. Code::policy_builtin when the key does
// not fit, or has no private part.
[[nodiscard]] Result<std::string> jws_sign(Key const& key, std::string_view algorithm,
                                           std::string_view text);

}  // namespace aw::rego
