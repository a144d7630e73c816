// SPDX-License-Identifier: Apache-2.0
#include "core/tls/x25519.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "core/tls/library.h"

using namespace aw;

namespace {

using Bytes = std::array<unsigned char, 32>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Work = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

Key made(OSSL_LIB_CTX* library) {
  return {EVP_PKEY_Q_keygen(library, nullptr, "X25519"), EVP_PKEY_free};
}

Bytes public_of(Key const& key) {
  Bytes bytes{};
  std::size_t size = bytes.size();
  CHECK(EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) == 1);
  return bytes;
}

Bytes private_of(Key const& key) {
  Bytes bytes{};
  std::size_t size = bytes.size();
  CHECK(EVP_PKEY_get_raw_private_key(key.get(), bytes.data(), &size) == 1);
  return bytes;
}

// As the library itself makes the public half.
Bytes public_half(Bytes const& secret) {
  return public_of(
      {EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), 32), EVP_PKEY_free});
}

// What `own` and `other` agree on.
Bytes agreed(OSSL_LIB_CTX* library, Key const& own, Key const& other) {
  Work const work(EVP_PKEY_CTX_new_from_pkey(library, own.get(), nullptr), EVP_PKEY_CTX_free);
  Bytes bytes{};
  std::size_t size = bytes.size();
  CHECK(EVP_PKEY_derive_init(work.get()) == 1);
  CHECK(EVP_PKEY_derive_set_peer(work.get(), other.get()) == 1);
  CHECK(EVP_PKEY_derive(work.get(), bytes.data(), &size) == 1);
  return bytes;
}

int generate_in_group(OSSL_LIB_CTX* library, char const* group) {
  Work const work(EVP_PKEY_CTX_new_from_name(library, "X25519", nullptr), EVP_PKEY_CTX_free);
  CHECK(EVP_PKEY_keygen_init(work.get()) == 1);
  return EVP_PKEY_CTX_set_group_name(work.get(), group);
}

}  // namespace

TEST_CASE("an X25519 key of the lean library is the one the library makes of the same secret") {
  auto* const lean = tls::library(tls::Crypto::lean);
  std::set<Bytes> seen;
  for (int i = 0; i < 200; ++i) {
    auto const key = made(lean);
    REQUIRE(key);
    auto const secret = private_of(key);
    CHECK(public_of(key) == public_half(secret));
    CHECK((secret.front() & 7U) == 0);  // RFC 7748 §5
    CHECK((secret.back() & 192U) == 64);
    seen.insert(secret);
  }
  CHECK(seen.size() == 200);
}

TEST_CASE("X25519 keys of the lean library agree with each other, on many threads at once") {
  auto* const lean = tls::library(tls::Crypto::lean);
  std::vector<std::thread> threads;
  std::array<bool, 6> same{};
  for (auto& each : same) {
    threads.emplace_back([lean, &each] {
      bool all = true;
      for (int i = 0; i < 50; ++i) {
        auto const one = made(lean);
        auto const other = made(lean);
        all = all && agreed(lean, one, other) == agreed(lean, other, one);
      }
      each = all;
    });
  }
  for (auto& thread : threads) thread.join();
  for (bool const each : same) CHECK(each);
}

TEST_CASE("the lean library's X25519 keys are of that group and no other") {
  auto* const lean = tls::library(tls::Crypto::lean);
  CHECK(generate_in_group(lean, "x25519") == 1);
  CHECK(generate_in_group(lean, "X25519") == 1);
  CHECK(generate_in_group(lean, "x448") != 1);
  CHECK(generate_in_group(lean, "") != 1);
}
