// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/replay_headers.h"

#include "core/base/random.h"
#include "core/base/text.h"

namespace aw::a2a {

ReplayHeaders fresh_replay_headers(WallTime now) {
  constexpr std::size_t kNonceBytes = 16;
  return {.nonce = text::to_base64url(random_bytes(kNonceBytes)), .timestamp = format_rfc3339(now)};
}

}  // namespace aw::a2a
