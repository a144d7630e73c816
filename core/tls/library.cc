// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3.0 builds, for the public key of every certificate it reads, a chain over all decoders
// and key managers that its library context offers: a third of a handshake's work. So handshakes
// run on a library context whose one provider offers the default provider's own implementations,
// but only of the key types this program's peers have.
#include "core/tls/library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/provider.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tls/dispatch.h"
#include "core/tls/key_schedule.h"
#include "core/tls/x25519.h"

namespace aw::tls {
namespace {

constexpr auto kOperations =
    std::to_array<int>({OSSL_OP_DIGEST, OSSL_OP_CIPHER, OSSL_OP_MAC, OSSL_OP_KDF, OSSL_OP_RAND,
                        OSSL_OP_KEYMGMT, OSSL_OP_KEYEXCH, OSSL_OP_SIGNATURE, OSSL_OP_DECODER});

// The first of the colon-separated names decides.
bool named(OSSL_ALGORITHM const& algorithm, std::span<const std::string_view> names) {
  std::string_view const all = algorithm.algorithm_names;
  std::string_view const first = all.substr(0, all.find(':'));
  for (std::string_view const name : names) {
    if (first == name) return true;
  }
  return false;
}

// All that TLS 1.3, TLS 1.2 as we speak it, and the check of chains ask for. To find the manager of
// one key the library walks over everything it holds of this provider, ciphers and digests too: so
// none is here that nobody uses (40 us of a handshake, docs/decisions/handshakes.md).
std::span<const std::string_view> names_of(int operation) {
  static constexpr auto kDigests =
      std::to_array<std::string_view>({"SHA1", "SHA2-256", "SHA2-384", "SHA2-512"});
  static constexpr auto kCiphers =
      std::to_array<std::string_view>({"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"});
  static constexpr auto kMacs = std::to_array<std::string_view>({"HMAC"});
  static constexpr auto kDerivations =
      std::to_array<std::string_view>({"HKDF", "TLS13-KDF", "TLS1-PRF"});
  static constexpr auto kRandom = std::to_array<std::string_view>({"CTR-DRBG", "SEED-SRC"});
  // RSA-PSS: the library asks for its manager before it offers PSS signatures with plain RSA keys.
  static constexpr auto kManaged =
      std::to_array<std::string_view>({"EC", "RSA", "RSA-PSS", "ED25519", "X25519"});
  static constexpr auto kExchanges = std::to_array<std::string_view>({"X25519", "ECDH"});
  static constexpr auto kSigning = std::to_array<std::string_view>({"ECDSA", "RSA", "ED25519"});
  static constexpr auto kKeys = std::to_array<std::string_view>({"EC", "RSA", "ED25519"});
  switch (operation) {
    case OSSL_OP_DIGEST:
      return kDigests;
    case OSSL_OP_CIPHER:
      return kCiphers;
    case OSSL_OP_MAC:
      return kMacs;
    case OSSL_OP_KDF:
      return kDerivations;
    case OSSL_OP_RAND:
      return kRandom;
    case OSSL_OP_KEYMGMT:
      return kManaged;
    case OSSL_OP_KEYEXCH:
      return kExchanges;
    case OSSL_OP_SIGNATURE:
      return kSigning;
    case OSSL_OP_DECODER:
      return kKeys;
    default:
      return {};
  }
}

bool wanted(int operation, OSSL_ALGORITHM const& algorithm) {
  if (!named(algorithm, names_of(operation))) return false;
  if (operation != OSSL_OP_DECODER) return true;
  std::string_view const properties =
      algorithm.property_definition == nullptr ? "" : algorithm.property_definition;
  auto const has = [&](std::string_view part) { return properties.find(part) != properties.npos; };
  return has("input=der") &&
         (has("structure=SubjectPublicKeyInfo") || has("structure=PrivateKeyInfo"));
}

bool& keys_unread() {
  static thread_local bool unread = false;
  return unread;
}

// The decoders say that they take nothing while this thread leaves keys unread. Which function asks
// is known by its place alone: the library calls it with the provider and what is wanted.
constexpr std::size_t kMostDecoders = 8;
using Takes = int(void* provider, int selection);
std::array<Takes*, kMostDecoders> takes_of;

template <std::size_t Place>
int takes(void* provider, int selection) {
  if (keys_unread()) return 0;
  return takes_of[Place] == nullptr ? 1 : takes_of[Place](provider, selection);
}

template <std::size_t... Places>
constexpr std::array<Takes*, kMostDecoders> each_takes(std::index_sequence<Places...> /*places*/) {
  return {takes<Places>...};
}

struct Tables {
  OSSL_PROVIDER* base = nullptr;
  std::array<std::vector<OSSL_ALGORITHM>, OSSL_OP__HIGHEST + 1> kept;  // by operation
  std::array<std::vector<OSSL_DISPATCH>, kMostDecoders> decoders;
};

// The same decoder, but for that question. Beyond the places there are it stays as it is.
void ask_first(Tables& tables, std::size_t place, OSSL_ALGORITHM& algorithm) {
  static constexpr auto kTakes = each_takes(std::make_index_sequence<kMostDecoders>());
  if (place >= kMostDecoders) return;
  auto& functions = tables.decoders.at(place);
  for (auto const* each = algorithm.implementation; each->function_id != 0; ++each) {
    if (each->function_id == OSSL_FUNC_DECODER_DOES_SELECTION) {
      takes_of.at(place) = reinterpret_cast<Takes*>(each->function);
    } else {
      functions.push_back(*each);
    }
  }
  functions.push_back(entry(OSSL_FUNC_DECODER_DOES_SELECTION, kTakes.at(place)));
  functions.push_back({0, nullptr});
  algorithm.implementation = functions.data();
}

// Null when it is not among them.
OSSL_ALGORITHM* find(Tables& tables, int operation, std::string_view name) {
  for (auto& each : tables.kept.at(static_cast<std::size_t>(operation)))
    if (each.algorithm_names != nullptr && named(each, {&name, 1})) return &each;
  return nullptr;
}

// In the place of the library's own: the same functions of the same inputs, made with less work.
void make_faster(Tables& tables) {
  auto* const provider = OSSL_PROVIDER_get0_provider_ctx(tables.base);
  auto* const manager = find(tables, OSSL_OP_KEYMGMT, "X25519");
  auto const* const exchange = find(tables, OSSL_OP_KEYEXCH, "X25519");
  if (manager != nullptr && exchange != nullptr) {
    if (auto const* const faster =
            x25519_manager(manager->implementation, exchange->implementation, provider))
      manager->implementation = faster;
  }
  auto* const derivation = find(tables, OSSL_OP_KDF, "TLS13-KDF");
  auto const* const sha256 = find(tables, OSSL_OP_DIGEST, "SHA2-256");
  auto const* const sha384 = find(tables, OSSL_OP_DIGEST, "SHA2-384");
  if (derivation != nullptr && sha256 != nullptr && sha384 != nullptr) {
    if (auto const* const faster =
            key_schedule(sha256->implementation, sha384->implementation, provider))
      derivation->implementation = faster;
  }
}

Tables* build_tables() {
  auto* tables = new Tables;  // lives as long as the process: OpenSSL keeps pointers into it
  tables->base = OSSL_PROVIDER_load(nullptr, "default");
  if (tables->base == nullptr) return tables;
  for (int const operation : kOperations) {
    auto& kept = tables->kept.at(static_cast<std::size_t>(operation));
    int no_cache = 0;
    OSSL_ALGORITHM const* all = OSSL_PROVIDER_query_operation(tables->base, operation, &no_cache);
    for (; all != nullptr && all->algorithm_names != nullptr; ++all) {
      if (!wanted(operation, *all)) continue;
      kept.push_back(*all);
      if (operation == OSSL_OP_DECODER) ask_first(*tables, kept.size() - 1, kept.back());
    }
    kept.push_back({});
  }
  make_faster(*tables);
  return tables;
}

// Built whole before anyone reads it, and never written again.
Tables const& tables() {
  static Tables const* const built = build_tables();
  return *built;
}

OSSL_ALGORITHM const* query(void* /*provider*/, int operation, int* no_cache) {
  *no_cache = 0;
  if (operation < 0 || operation > OSSL_OP__HIGHEST) return nullptr;
  auto const& kept = tables().kept.at(static_cast<std::size_t>(operation));
  return kept.empty() ? nullptr : kept.data();
}

int capabilities(void* /*provider*/, char const* capability, OSSL_CALLBACK* callback,
                 void* argument) {
  return OSSL_PROVIDER_get_capabilities(tables().base, capability, callback, argument);
}

void teardown(void* /*provider*/) {}

int start(OSSL_CORE_HANDLE const* /*handle*/, OSSL_DISPATCH const* /*in*/,
          OSSL_DISPATCH const** out, void** provider_context) {
  static OSSL_DISPATCH const dispatch[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                           entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, capabilities),
                                           entry(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
                                           {0, nullptr}};
  if (tables().base == nullptr) return 0;
  *out = dispatch;
  // The implementations are the default provider's, so they get its context.
  *provider_context = OSSL_PROVIDER_get0_provider_ctx(tables().base);
  return 1;
}

OSSL_LIB_CTX* build_lean() {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  if (context == nullptr) return nullptr;
  if (OSSL_PROVIDER_add_builtin(context, "lean", start) != 1 ||
      OSSL_PROVIDER_load(context, "lean") == nullptr) {
    OSSL_LIB_CTX_free(context);
    return nullptr;
  }
  return context;
}

}  // namespace

KeysUnread::KeysUnread() : before_(std::exchange(keys_unread(), true)) {}
KeysUnread::~KeysUnread() { keys_unread() = before_; }
KeysRead::KeysRead() : before_(std::exchange(keys_unread(), false)) {}
KeysRead::~KeysRead() { keys_unread() = before_; }

OSSL_LIB_CTX* library(Crypto crypto) {
  if (crypto == Crypto::standard) return nullptr;
  static OSSL_LIB_CTX* const lean = build_lean();
  return lean;
}

}  // namespace aw::tls
