// SPDX-License-Identifier: Apache-2.0
// Gate 4: a request that was seen before is not served again, also after a restart.
//
// A caller sends a nonce (128 bits or more, base64url) and a timestamp (RFC 3339). The timestamp
// bounds how long a nonce must be remembered: until the timestamp leaves the window, when the clock
// refuses it anyway. Nonces are kept per caller; a caller that fills its share is refused, never
// forgotten. With a directory every accepted nonce is appended to a journal with write(2) before
// the request goes on, so neither kill -9 nor a restart opens a window. Any thread; one short lock
// of one of several shards.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/server/config.h"

namespace aw::server {

inline constexpr std::string_view kNonceHeader = "x-agentweave-nonce";
inline constexpr std::string_view kTimestampHeader = "x-agentweave-timestamp";

// What a caller sent; nullopt = the header was absent.
struct Freshness {
  std::optional<std::string_view> nonce;
  std::optional<std::string_view> timestamp;
};

// One for all loops. `caller` is a verified SPIFFE ID; neither it nor the nonce is kept in the
// clear, only their digests.
class ReplayGuard {
 public:
  // Without a directory the set lives in memory only. Errors: state_unusable.
  static Result<std::unique_ptr<ReplayGuard>> open(ReplayConfig config,
                                                   std::filesystem::path const& directory,
                                                   Clock const& clock);
  ~ReplayGuard();
  ReplayGuard(ReplayGuard const&) = delete;
  ReplayGuard& operator=(ReplayGuard const&) = delete;

  // ok = fresh (and now remembered), or neither header was sent and the mode is optional. Errors:
  // replayed, replay_outside_window, replay_headers_missing, request_malformed, rate_limited (share
  // full), state_unusable.
  [[nodiscard]] Result<void> admit(std::string_view caller, Freshness sent);

  [[nodiscard]] std::size_t size() const;  // nonces remembered now

 private:
  struct Impl;
  explicit ReplayGuard(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::server
