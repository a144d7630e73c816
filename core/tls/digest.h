// SPDX-License-Identifier: Apache-2.0
// SHA-256 and its HMAC, for rooms that may not include OpenSSL.
//
// A hasher keeps its context between calls, which is what makes short inputs cheap. One owner at a
// time; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aw::tls {

class Sha256 {
 public:
  // Ends the process when the crypto library has no SHA-256: there is no safe fallback.
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(Sha256 const&) = delete;
  Sha256& operator=(Sha256 const&) = delete;

  // The whole input at once: 32 raw bytes, or 64 lower-case hexadecimal digits.
  // Either throws away what `update` had begun.
  [[nodiscard]] std::string raw(std::string_view bytes);
  [[nodiscard]] std::string hex(std::string_view bytes);

  // In pieces: `update` as often as needed, then one `finish_hex`, which starts afresh.
  void update(std::string_view bytes);
  [[nodiscard]] std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For one-off use, from any thread.
// Both end the process when the library cannot hash, as Sha256 does.
[[nodiscard]] std::array<char, 32> sha256_raw(std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);
// HMAC-SHA-256 (RFC 2104), 32 raw bytes: what JOSE calls HS256. Compare with equal_constant_time.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace aw::tls
