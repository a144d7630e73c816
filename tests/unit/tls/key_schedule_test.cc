// SPDX-License-Identifier: Apache-2.0
#include "core/tls/key_schedule.h"

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/tls/library.h"

using namespace aw;

namespace {

struct Wish {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::string digest = "SHA2-384";
  std::optional<std::string> key;
  std::optional<std::string> salt;
  std::string label = "derived";
  std::optional<std::string> data;
  std::size_t size = 48;
};

// Nullopt when it is refused.
std::optional<std::string> derived(OSSL_LIB_CTX* library, Wish wish) {
  std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> const kdf(
      EVP_KDF_fetch(library, OSSL_KDF_NAME_TLS1_3_KDF, nullptr), EVP_KDF_free);
  std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> const work(EVP_KDF_CTX_new(kdf.get()),
                                                                       EVP_KDF_CTX_free);
  std::string prefix = "tls13 ";
  std::vector<OSSL_PARAM> params{
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &wish.mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, wish.digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, wish.label.data(),
                                        wish.label.size())};
  auto const add = [&](char const* name, std::optional<std::string>& value) {
    if (value)
      params.push_back(OSSL_PARAM_construct_octet_string(name, value->data(), value->size()));
  };
  add(OSSL_KDF_PARAM_KEY, wish.key);
  add(OSSL_KDF_PARAM_SALT, wish.salt);
  add(OSSL_KDF_PARAM_DATA, wish.data);
  params.push_back(OSSL_PARAM_construct_end());
  std::string out(wish.size, '\0');
  if (EVP_KDF_derive(work.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(),
                     params.data()) <= 0)
    return std::nullopt;
  return out;
}

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(random()));
  return out;
}

void same(Wish const& wish) {
  auto const ours = derived(tls::library(tls::Crypto::lean), wish);
  CHECK(ours);
  CHECK(ours == derived(nullptr, wish));
}

}  // namespace

TEST_CASE(
    "secrets are expanded as the library does, for every length of label, context and output") {
  std::mt19937 random(11);
  for (int i = 0; i < 400; ++i) {
    bool const large = random() % 2 == 0;
    std::size_t const hash = large ? 48 : 32;
    Wish wish{.digest = large ? "SHA2-384" : "SHA2-256", .key = random_text(random, hash)};
    wish.label = random_text(random, random() % 200);
    wish.size = 1 + random() % 300;  // several hashes
    if (random() % 3 != 0) wish.data = random_text(random, random() % 65);
    CAPTURE(i);
    same(wish);
  }
}

TEST_CASE("the next secret is extracted as the library does, with and without one before") {
  std::mt19937 random(12);
  for (int i = 0; i < 200; ++i) {
    bool const large = random() % 2 == 0;
    std::size_t const hash = large ? 48 : 32;
    Wish wish{.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = large ? "SHA2-384" : "SHA2-256"};
    wish.size = hash;
    // A shared secret of P-521 is the longest there is.
    if (random() % 3 != 0) wish.key = random_text(random, 1 + random() % 66);
    if (random() % 3 != 0) wish.salt = random_text(random, hash);
    CAPTURE(i);
    same(wish);
  }
}

TEST_CASE("the first secret of a handshake is the one RFC 8448 prints") {
  auto const made =
      derived(tls::library(tls::Crypto::lean),
              {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .digest = "SHA2-256", .size = 32});
  REQUIRE(made);
  CHECK(made->substr(0, 8) == "\x33\xad\x0a\x1c\x60\x7e\xc0\x3b");
}

TEST_CASE("what is no derivation of TLS 1.3 is refused") {
  auto* const lean = tls::library(tls::Crypto::lean);
  std::string const key(48, 'k');
  CHECK(derived(lean, {.key = key}));
  CHECK_FALSE(derived(lean, {}));  // of nothing
  CHECK_FALSE(derived(lean, {.mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, .key = key}));
  CHECK_FALSE(derived(lean, {.digest = "SHA2-512", .key = key}));
  CHECK_FALSE(derived(lean, {.digest = "", .key = key}));
  CHECK_FALSE(derived(lean, {.key = std::string(129, 'k')}));
  CHECK_FALSE(derived(lean, {.key = key, .label = std::string(250, 'l')}));
  CHECK_FALSE(derived(lean, {.key = key, .data = std::string(256, 'd')}));
  CHECK_FALSE(derived(lean, {.key = key, .size = 48 * 255 + 1}));
  CHECK_FALSE(derived(lean, {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .key = key, .size = 47}));
  CHECK_FALSE(derived(lean, {.mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY, .salt = "short"}));
}
