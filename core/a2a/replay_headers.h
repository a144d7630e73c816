// SPDX-License-Identifier: Apache-2.0
// The two headers that make a request unrepeatable: a fresh nonce and the time it was made.
//
// Pure but for the kernel's random bytes; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace aw::a2a {

inline constexpr std::string_view kNonceHeader = "x-agentweave-nonce";
inline constexpr std::string_view kTimestampHeader = "x-agentweave-timestamp";

struct ReplayHeaders {
  std::string nonce;      // 128 random bits, base64url without padding
  std::string timestamp;  // RFC 3339, UTC, milliseconds
};

[[nodiscard]] ReplayHeaders fresh_replay_headers(WallTime now);

}  // namespace aw::a2a
