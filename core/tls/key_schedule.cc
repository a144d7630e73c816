// SPDX-License-Identifier: Apache-2.0
#include "core/tls/key_schedule.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "core/tls/dispatch.h"

namespace aw::tls {
namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kMostHash = 48;     // SHA-384
constexpr std::size_t kMostBlock = 128;   // SHA-384
constexpr std::size_t kMostVector = 255;  // RFC 8446 §7.1, label and context

// Zeroed when it goes.
template <std::size_t Size>
struct Wiped {
  Wiped() = default;
  ~Wiped() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  Wiped(Wiped const&) = delete;
  Wiped& operator=(Wiped const&) = delete;
  std::array<unsigned char, Size> bytes{};
};

struct Digest {
  std::size_t size = 0;   // of a hash
  std::size_t block = 0;  // that it works on
  OSSL_FUNC_digest_newctx_fn* make = nullptr;
  OSSL_FUNC_digest_freectx_fn* release = nullptr;  // zeroes it
  OSSL_FUNC_digest_init_fn* begin = nullptr;
  OSSL_FUNC_digest_update_fn* add = nullptr;
  OSSL_FUNC_digest_final_fn* end = nullptr;

  [[nodiscard]] bool whole() const { return make && release && begin && add && end; }
};

struct Sha2 {
  void* provider = nullptr;
  Digest sha256{.size = 32, .block = 64};
  Digest sha384{.size = 48, .block = 128};
};
Sha2& sha2() {
  static Sha2 functions;
  return functions;
}

// HMACs of one digest, one after the other (RFC 2104).
class Hmac {
 public:
  explicit Hmac(Digest const& digest)
      : digest_(digest), work_(digest.make(sha2().provider), digest.release) {}

  // `out` has the digest's size; the key is no longer than its block. It may be one of the parts.
  [[nodiscard]] bool make(Bytes key, std::initializer_list<Bytes> parts,
                          std::span<unsigned char> out) {
    if (work_ == nullptr || key.size() > digest_.block) return false;
    Wiped<kMostHash> inner;
    return pass(key, 0x36, parts, inner.bytes) &&
           pass(key, 0x5c, {Bytes(inner.bytes).first(digest_.size)}, out);
  }

  [[nodiscard]] bool hash_of_nothing(std::span<unsigned char> out) {
    return work_ != nullptr && digest_.begin(work_.get(), nullptr) == 1 && end(out);
  }

 private:
  [[nodiscard]] bool pass(Bytes key, unsigned char filling, std::initializer_list<Bytes> parts,
                          std::span<unsigned char> out) {
    Wiped<kMostBlock> pad;
    pad.bytes.fill(filling);
    for (std::size_t i = 0; i < key.size(); ++i) pad.bytes.at(i) ^= key[i];
    if (digest_.begin(work_.get(), nullptr) != 1) return false;
    if (digest_.add(work_.get(), pad.bytes.data(), digest_.block) != 1) return false;
    for (auto const part : parts)
      if (!part.empty() && digest_.add(work_.get(), part.data(), part.size()) != 1) return false;
    return end(out);
  }

  [[nodiscard]] bool end(std::span<unsigned char> out) {
    std::size_t size = 0;
    return digest_.end(work_.get(), out.data(), &size, out.size()) == 1 && size == digest_.size;
  }

  Digest const& digest_;
  std::unique_ptr<void, OSSL_FUNC_digest_freectx_fn*> work_;
};

// What is asked for; views of the caller's. A member nobody gave is empty.
struct Wish {
  Digest const* digest = nullptr;
  int mode = -1;
  Bytes key;
  Bytes salt;
  bool has_salt = false;
  bool has_key = false;
  Bytes prefix;
  Bytes label;
  Bytes data;
};

Digest const* digest_named(std::string_view name) {
  if (name == "SHA2-256" || name == "SHA256" || name == "SHA-256") return &sha2().sha256;
  if (name == "SHA2-384" || name == "SHA384" || name == "SHA-384") return &sha2().sha384;
  return nullptr;
}

bool read(OSSL_PARAM const* params, char const* name, Bytes& out) {
  auto const* const found = OSSL_PARAM_locate_const(params, name);
  void const* bytes = nullptr;
  std::size_t size = 0;
  if (found == nullptr || OSSL_PARAM_get_octet_string_ptr(found, &bytes, &size) != 1) return false;
  out = {static_cast<unsigned char const*>(bytes), size};
  return true;
}

Wish wish_of(OSSL_PARAM const* params) {
  Wish wish;
  char const* name = nullptr;
  if (auto const* const digest = OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_DIGEST);
      digest != nullptr && OSSL_PARAM_get_utf8_string_ptr(digest, &name) == 1 && name != nullptr)
    wish.digest = digest_named(name);
  if (auto const* const mode = OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_MODE))
    if (OSSL_PARAM_get_int(mode, &wish.mode) != 1) wish.mode = -1;
  wish.has_key = read(params, OSSL_KDF_PARAM_KEY, wish.key);
  wish.has_salt = read(params, OSSL_KDF_PARAM_SALT, wish.salt);
  read(params, OSSL_KDF_PARAM_PREFIX, wish.prefix);
  read(params, OSSL_KDF_PARAM_LABEL, wish.label);
  read(params, OSSL_KDF_PARAM_DATA, wish.data);
  return wish;
}

// HKDF-Expand-Label (RFC 8446 §7.1, RFC 5869 §2.3).
bool expand(Digest const& digest, Hmac& hmac, Wish const& wish, Bytes secret, Bytes context,
            std::span<unsigned char> out) {
  auto const label = wish.prefix.size() + wish.label.size();
  if (label > kMostVector || context.size() > kMostVector || out.size() > 255 * digest.size)
    return false;
  std::array<unsigned char, 2 + 1 + kMostVector + 1 + kMostVector> info;
  auto at = info.begin();
  *at++ = static_cast<unsigned char>(out.size() >> 8U);
  *at++ = static_cast<unsigned char>(out.size());
  *at++ = static_cast<unsigned char>(label);
  at = std::ranges::copy(wish.prefix, at).out;
  at = std::ranges::copy(wish.label, at).out;
  *at++ = static_cast<unsigned char>(context.size());
  at = std::ranges::copy(context, at).out;
  Bytes const asked(info.begin(), at);

  Wiped<kMostHash> block;
  Bytes before;  // none before the first
  for (unsigned char number = 1; !out.empty(); ++number) {
    auto const made = std::span(block.bytes).first(digest.size);
    if (!hmac.make(secret, {before, asked, {&number, 1}}, made)) return false;
    before = made;
    auto const taken = std::min(out.size(), made.size());
    std::ranges::copy(made.first(taken), out.begin());
    out = out.subspan(taken);
  }
  return true;
}

// HKDF-Extract of the next secret, its salt derived of the one before when there is one.
bool extract(Digest const& digest, Hmac& hmac, Wish const& wish, std::span<unsigned char> out) {
  if (out.size() != digest.size) return false;
  constexpr std::array<unsigned char, kMostHash> kZeros{};
  auto const secret = wish.has_key ? wish.key : Bytes(kZeros).first(digest.size);
  if (!wish.has_salt) return hmac.make({}, {secret}, out);
  if (wish.salt.size() != digest.size) return false;
  Wiped<kMostHash> salt;
  std::array<unsigned char, kMostHash> nothing{};
  auto const derived = std::span(salt.bytes).first(digest.size);
  auto const hashed = std::span(nothing).first(digest.size);
  return hmac.hash_of_nothing(hashed) && expand(digest, hmac, wish, wish.salt, hashed, derived) &&
         hmac.make(derived, {secret}, out);
}

// libssl gives everything with the call, so there is nothing to keep between calls; but null would
// be an error.
void* make(void* provider) { return provider; }
void release(void* /*work*/) {}

int derive(void* /*work*/, unsigned char* key, std::size_t size, OSSL_PARAM const params[]) {
  auto const wish = wish_of(params);
  if (wish.digest == nullptr || key == nullptr || size == 0) return 0;
  Hmac hmac(*wish.digest);
  std::span<unsigned char> const out(key, size);
  switch (wish.mode) {
    case EVP_KDF_HKDF_MODE_EXPAND_ONLY:
      return wish.has_key && expand(*wish.digest, hmac, wish, wish.key, wish.data, out) ? 1 : 0;
    case EVP_KDF_HKDF_MODE_EXTRACT_ONLY:
      return extract(*wish.digest, hmac, wish, out) ? 1 : 0;
    default:
      return 0;
  }
}

bool fill(Digest& digest, OSSL_DISPATCH const* from) {
  find(from, OSSL_FUNC_DIGEST_NEWCTX, digest.make);
  find(from, OSSL_FUNC_DIGEST_FREECTX, digest.release);
  find(from, OSSL_FUNC_DIGEST_INIT, digest.begin);
  find(from, OSSL_FUNC_DIGEST_UPDATE, digest.add);
  find(from, OSSL_FUNC_DIGEST_FINAL, digest.end);
  return digest.whole();
}

}  // namespace

OSSL_DISPATCH const* key_schedule(OSSL_DISPATCH const* sha256, OSSL_DISPATCH const* sha384,
                                  void* provider) {
  auto& library = sha2();
  library.provider = provider;
  if (provider == nullptr || !fill(library.sha256, sha256) || !fill(library.sha384, sha384))
    return nullptr;
  static std::array<OSSL_DISPATCH, 4> const functions{
      entry(OSSL_FUNC_KDF_NEWCTX, make), entry(OSSL_FUNC_KDF_FREECTX, release),
      entry(OSSL_FUNC_KDF_DERIVE, derive), OSSL_DISPATCH{0, nullptr}};
  return functions.data();
}

}  // namespace aw::tls
