// SPDX-License-Identifier: Apache-2.0
// Private keys in PEM: what is in them, as Go's types, as a JWK, and beside their certificate.
#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/rego/base64.h"
#include "core/rego/builtin.h"
#include "core/rego/builtin_x509_value.h"
#include "core/rego/pem_blocks.h"

namespace aw::rego {
namespace {

using PrivateKeys = std::vector<Held<EVP_PKEY>>;

bool is_private_key(std::string_view type) {
  return type == "RSA PRIVATE KEY" || type == "PRIVATE KEY" || type == "EC PRIVATE KEY";
}

Held<EVP_PKEY> key_from_der(std::string_view der) {
  auto const* at = reinterpret_cast<unsigned char const*>(der.data());  // NOLINT: OpenSSL's bytes
  Held<EVP_PKEY> key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (key && public_key_algorithm(key.get()) % 2 == 0 && public_key_algorithm(key.get()) != 4) {
    return nullptr;  // a kind that Go does not read
  }
  if (key && !has_known_curve(key.get())) return nullptr;
  return key;
}

Result<PrivateKeys> keys_of(std::string_view given) {
  auto decoded = decode_base64(given, Base64::standard);
  std::string text = decoded.ok() ? *decoded : std::string(given);
  PrivateKeys out;
  for (PemBlock const& block : pem_blocks(text)) {
    if (!is_private_key(block.type)) continue;
    Held<EVP_PKEY> key = key_from_der(block.der);
    if (!key) return make_error(Code::policy_builtin, "x509: failed to parse private key");
    out.push_back(std::move(key));
  }
  return out;
}

Value parse_private_keys(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  if (call.text(0).empty()) return Value::null();
  auto keys = keys_of(call.text(0));
  if (!keys.ok()) return call.fail(keys.error().message);
  std::vector<Value> out;
  for (Held<EVP_PKEY> const& key : *keys) out.push_back(private_key_value(key.get()));
  return Value::array(std::move(out));
}

Value parse_rsa_private_key(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string text(call.text(0));
  if (text.empty()) return call.fail("input PEM data was empty");
  if (!text.starts_with("-----BEGIN")) {
    auto decoded = decode_base64(text, Base64::standard);
    if (!decoded.ok()) return call.fail(decoded.error().message);
    text = *decoded;
  }
  auto keys = keys_of(text);
  if (!keys.ok()) return call.fail(keys.error().message);
  if (keys->empty()) return Value::null();
  auto jwk = private_key_jwk(keys->front().get());
  return jwk.ok() ? *jwk : call.fail(jwk.error().message);
}

Result<Held<EVP_PKEY>> pair_key(std::string_view given) {
  std::string text(given);
  if (!text.starts_with("-----BEGIN ")) {
    AW_TRY(text, decode_base64(given, Base64::standard));
  }
  std::string der = text;
  if (text.starts_with("-----BEGIN")) {
    der.clear();
    for (PemBlock const& block : pem_blocks(text)) {
      if (der.empty() && is_private_key(block.type)) der = block.der;
    }
  }
  Held<EVP_PKEY> key = key_from_der(der);
  if (!key) return make_error(Code::policy_builtin, "tls: failed to find a private key");
  return key;
}

Result<Value> pair_value(std::string_view certificate, std::string_view key_text) {
  AW_TRY(X509Bytes chain, pem_or_der_certificates(certificate));
  if (chain.empty()) {
    return make_error(Code::policy_builtin, "tls: failed to find any PEM data in certificate");
  }
  AW_TRY(Held<EVP_PKEY> key, pair_key(key_text));
  auto const* at = reinterpret_cast<unsigned char const*>(chain.front().data());  // NOLINT
  Held<X509> leaf(d2i_X509(nullptr, &at, static_cast<long>(chain.front().size())));
  bool fits = leaf && X509_check_private_key(leaf.get(), key.get()) == 1;
  ERR_clear_error();
  if (!leaf) return make_error(Code::policy_builtin, "x509: malformed certificate");
  if (!fits) {
    return make_error(Code::policy_builtin, "tls: private key does not match public key");
  }
  AW_TRY(Value described, certificate_value(leaf.get(), UriStrings::no));
  std::vector<Value> raw;
  for (std::string const& der : chain) raw.push_back(base64_value(der));
  return Value::object({{"Certificate", Value::array(std::move(raw))},
                        {"Leaf", described},
                        {"OCSPStaple", Value::null()},
                        {"PrivateKey", private_key_value(key.get())},
                        {"SignedCertificateTimestamps", Value::null()},
                        {"SupportedSignatureAlgorithms", Value::null()}});
}

Value parse_keypair(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  auto pair = pair_value(call.text(0), call.text(1));
  return pair.ok() ? *pair : call.fail(pair.error().message);
}

constexpr Builtin kPrivateKeys[] = {
    {"crypto.parse_private_keys", 1, parse_private_keys},
    {"crypto.x509.parse_rsa_private_key", 1, parse_rsa_private_key},
    {"crypto.x509.parse_keypair", 2, parse_keypair},
};

}  // namespace

std::vector<PemBlock> pem_blocks(std::string_view text) {
  constexpr std::size_t kMost = 64;
  std::vector<PemBlock> out;
  Held<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  while (out.size() < kMost && bio &&
         PEM_read_bio(bio.get(), &name, &header, &data, &length) == 1) {
    auto const* bytes = reinterpret_cast<char const*>(data);  // NOLINT
    out.push_back({name, std::string(bytes, static_cast<std::size_t>(length))});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(length));
  }
  ERR_clear_error();
  return out;
}

std::span<const Builtin> private_key_builtins() { return kPrivateKeys; }

}  // namespace aw::rego
