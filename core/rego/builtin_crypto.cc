// SPDX-License-Identifier: Apache-2.0
// Digests and message authentication codes, on OpenSSL.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "core/base/secret.h"
#include "core/base/text.h"
#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

using HashChoice = EVP_MD const* (*)();
using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hex_of(Digest const& digest, unsigned length) {
  std::string raw(digest.begin(), digest.begin() + length);
  return text::to_hex(raw);
}

std::string digest_hex(HashChoice algorithm, std::string_view bytes) {
  Digest digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm(), nullptr) != 1) {
    return {};
  }
  return hex_of(digest, length);
}

template <HashChoice kAlgorithm>
Value digest_of(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string hex = digest_hex(kAlgorithm, call.text(0));
  return hex.empty() ? call.fail("the digest is not available") : Value::string(hex);
}

template <HashChoice kAlgorithm>
Value hmac_of(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  Digest digest{};
  unsigned length = 0;
  std::string message(call.text(0));
  std::string key(call.text(1));
  auto const* bytes = reinterpret_cast<unsigned char const*>(message.data());  // NOLINT: OpenSSL's
  bool ok = HMAC(kAlgorithm(), key.data(), static_cast<int>(key.size()), bytes, message.size(),
                 digest.data(), &length) != nullptr;
  return ok ? Value::string(hex_of(digest, length)) : call.fail("the digest is not available");
}

Value hmac_equal(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::string)) return {};
  return Value::boolean(equal_constant_time(call.text(0), call.text(1)));
}

constexpr Builtin kCrypto[] = {
    {"crypto.md5", 1, digest_of<EVP_md5>},          {"crypto.sha1", 1, digest_of<EVP_sha1>},
    {"crypto.sha256", 1, digest_of<EVP_sha256>},    {"crypto.hmac.md5", 2, hmac_of<EVP_md5>},
    {"crypto.hmac.sha1", 2, hmac_of<EVP_sha1>},     {"crypto.hmac.sha256", 2, hmac_of<EVP_sha256>},
    {"crypto.hmac.sha512", 2, hmac_of<EVP_sha512>}, {"crypto.hmac.equal", 2, hmac_equal},
};

}  // namespace

std::span<const Builtin> crypto_builtins() { return kCrypto; }

}  // namespace aw::rego
