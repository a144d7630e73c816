// SPDX-License-Identifier: Apache-2.0
#include "core/tls/x25519.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "core/tls/dispatch.h"

namespace aw::tls {
namespace {

constexpr std::size_t kHalf = 32;
using Half = std::array<unsigned char, kHalf>;

// Zeroed when it goes.
struct SecretHalf {
  SecretHalf() = default;
  ~SecretHalf() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  SecretHalf(SecretHalf const&) = delete;
  SecretHalf& operator=(SecretHalf const&) = delete;
  Half bytes{};
};

// What is used of the library's own.
struct Ladder {
  void* provider = nullptr;
  OSSL_FUNC_keymgmt_new_fn* make = nullptr;
  OSSL_FUNC_keymgmt_free_fn* release = nullptr;
  OSSL_FUNC_keymgmt_import_fn* import = nullptr;
  OSSL_FUNC_keyexch_newctx_fn* begin = nullptr;
  OSSL_FUNC_keyexch_freectx_fn* end = nullptr;
  OSSL_FUNC_keyexch_init_fn* set_own = nullptr;
  OSSL_FUNC_keyexch_set_peer_fn* set_peer = nullptr;
  OSSL_FUNC_keyexch_derive_fn* derive = nullptr;
  void* base_point = nullptr;  // a key whose public half is 9

  [[nodiscard]] bool whole() const {
    return make && release && import && begin && end && set_own && set_peer && derive;
  }
};
Ladder& ladder_functions() {
  static Ladder functions;
  return functions;
}

// Null when it cannot be made. The caller releases it.
void* key_of(Half& open, Half* secret) {
  auto const& ladder = ladder_functions();
  std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, open.data(), open.size()),
      OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  int selection = OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
  if (secret != nullptr) {
    selection |= OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
    params[1] =
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, secret->data(), secret->size());
  }
  void* const key = ladder.make(ladder.provider);
  if (key != nullptr && ladder.import(key, selection, params.data()) == 1) return key;
  ladder.release(key);
  return nullptr;
}

using Key = std::unique_ptr<void, OSSL_FUNC_keymgmt_free_fn*>;
using Exchange = std::unique_ptr<void, OSSL_FUNC_keyexch_freectx_fn*>;

// X25519(secret, 9).
std::optional<Half> public_of(Half& secret) {
  auto const& ladder = ladder_functions();
  Half unknown{};  // the library would make it, the slow way, were it not given
  Key const own(key_of(unknown, &secret), ladder.release);
  Exchange const exchange(ladder.begin(ladder.provider), ladder.end);
  Half open{};
  std::size_t size = open.size();
  if (!own || !exchange || ladder.set_own(exchange.get(), own.get(), nullptr) != 1 ||
      ladder.set_peer(exchange.get(), ladder.base_point) != 1 ||
      ladder.derive(exchange.get(), open.data(), &size, open.size()) != 1 || size != open.size())
    return std::nullopt;
  return open;
}

struct Generation {
  int selection = 0;
};

int set_params(void* /*generation*/, OSSL_PARAM const params[]) {
  auto const* group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
  if (group == nullptr) return 1;
  char const* name = nullptr;
  return OSSL_PARAM_get_utf8_string_ptr(group, &name) == 1 &&
                 OPENSSL_strcasecmp(name, "x25519") == 0
             ? 1
             : 0;
}

OSSL_PARAM const* settable_params(void* /*generation*/, void* /*provider*/) {
  static std::array<OSSL_PARAM, 2> const settable{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
      OSSL_PARAM_construct_end()};
  return settable.data();
}

void* begin(void* /*provider*/, int selection, OSSL_PARAM const params[]) {
  if (params != nullptr && set_params(nullptr, params) != 1) return nullptr;
  return new (std::nothrow) Generation{selection};
}

void* generate(void* generation, OSSL_CALLBACK* /*progress*/, void* /*argument*/) {
  auto const& ladder = ladder_functions();
  if ((static_cast<Generation*>(generation)->selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
    return ladder.make(ladder.provider);
  SecretHalf secret;
  if (RAND_priv_bytes_ex(nullptr, secret.bytes.data(), secret.bytes.size(), 0) != 1) return nullptr;
  // RFC 7748 §5; the ladder does so too, but this is the form keys are kept in.
  secret.bytes.front() &= 248U;
  secret.bytes.back() &= 127U;
  secret.bytes.back() |= 64U;
  auto open = public_of(secret.bytes);
  return open ? key_of(*open, &secret.bytes) : nullptr;
}

void finish(void* generation) { delete static_cast<Generation*>(generation); }

bool is_generation(int id) {
  return id == OSSL_FUNC_KEYMGMT_GEN_INIT || id == OSSL_FUNC_KEYMGMT_GEN ||
         id == OSSL_FUNC_KEYMGMT_GEN_CLEANUP || id == OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS ||
         id == OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS || id == OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE;
}

}  // namespace

OSSL_DISPATCH const* x25519_manager(OSSL_DISPATCH const* manager, OSSL_DISPATCH const* exchange,
                                    void* provider) {
  auto& ladder = ladder_functions();
  ladder.provider = provider;
  find(manager, OSSL_FUNC_KEYMGMT_NEW, ladder.make);
  find(manager, OSSL_FUNC_KEYMGMT_FREE, ladder.release);
  find(manager, OSSL_FUNC_KEYMGMT_IMPORT, ladder.import);
  find(exchange, OSSL_FUNC_KEYEXCH_NEWCTX, ladder.begin);
  find(exchange, OSSL_FUNC_KEYEXCH_FREECTX, ladder.end);
  find(exchange, OSSL_FUNC_KEYEXCH_INIT, ladder.set_own);
  find(exchange, OSSL_FUNC_KEYEXCH_SET_PEER, ladder.set_peer);
  find(exchange, OSSL_FUNC_KEYEXCH_DERIVE, ladder.derive);
  if (!ladder.whole()) return nullptr;
  Half nine{9};
  ladder.base_point = key_of(nine, nullptr);
  if (ladder.base_point == nullptr) return nullptr;

  static std::vector<OSSL_DISPATCH> functions;
  for (; manager->function_id != 0; ++manager)
    if (!is_generation(manager->function_id)) functions.push_back(*manager);
  functions.push_back(entry(OSSL_FUNC_KEYMGMT_GEN_INIT, begin));
  functions.push_back(entry(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, set_params));
  functions.push_back(entry(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, settable_params));
  functions.push_back(entry(OSSL_FUNC_KEYMGMT_GEN, generate));
  functions.push_back(entry(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, finish));
  functions.push_back({0, nullptr});
  return functions.data();
}

}  // namespace aw::tls
