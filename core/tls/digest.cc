// SPDX-License-Identifier: Apache-2.0
#include "core/tls/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>

namespace aw::tls {

struct Sha256::State {
  // Fetched once: looking the algorithm up costs more than hashing a record.
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool started = false;

  State() {
    if (algorithm == nullptr || context == nullptr) std::abort();
  }
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  State(State const&) = delete;
  State& operator=(State const&) = delete;

  void start() {
    if (EVP_DigestInit_ex2(context, algorithm, nullptr) != 1) std::abort();
    started = true;
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  if (!state_->started) state_->start();
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) std::abort();
}

std::string Sha256::raw(std::string_view bytes) {
  state_->start();
  update(bytes);
  std::string out(32, '\0');
  // OpenSSL wants unsigned bytes; a std::string holds them as well.
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(out.data()), nullptr) !=
      1) {
    std::abort();
  }
  state_->started = false;
  return out;
}

std::string Sha256::hex(std::string_view bytes) {
  state_->start();
  update(bytes);
  return finish_hex();
}

std::string Sha256::finish_hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (!state_->started) state_->start();
  std::array<unsigned char, 32> digest{};
  if (EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) != 1) std::abort();
  state_->started = false;
  std::string out(64, '\0');
  char* at = out.data();
  for (unsigned char const byte : digest) {
    *at++ = kDigits[byte >> 4U];
    *at++ = kDigits[byte & 15U];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) { return Sha256().hex(bytes); }

std::array<char, 32> sha256_raw(std::string_view bytes) {
  std::array<char, 32> out{};
  auto* const target = reinterpret_cast<unsigned char*>(out.data());
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), target, nullptr) != 1) {
    std::abort();
  }
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string out(32, '\0');
  unsigned int size = 0;
  auto const* const made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                reinterpret_cast<unsigned char const*>(bytes.data()), bytes.size(),
                                reinterpret_cast<unsigned char*>(out.data()), &size);
  if (made == nullptr || size != out.size()) std::abort();
  return out;
}

}  // namespace aw::tls
