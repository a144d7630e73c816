// SPDX-License-Identifier: Apache-2.0
// JWT-SVIDs: a signed statement of who the bearer is, for one audience (JWT-SVID standard).
//
// Pure functions; the time is given; any thread. Errors: Code::jwt_svid.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/identity/spiffe_id.h"
#include "core/tls/private_key.h"

namespace aw::identity {

inline constexpr std::size_t kMaxJwtBytes = 16U << 10U;

// What a token says; verified only when `verify_jwt_svid` returned it.
struct JwtSvid {
  SpiffeId id;
  std::vector<std::string> audience;  // at least one
  WallTime issued;                    // zero when absent
  WallTime expires;
  std::string token;        // the compact form; a bearer secret: do not log it
  std::string claims_json;  // all claims, as sent
};

// What to state. Times are cut to whole seconds; `issued` zero leaves `iat` out.
struct JwtSpec {
  SpiffeId id;
  std::vector<std::string> audience;
  WallTime issued;
  WallTime expires;
};

// Header {alg, kid, typ: JWT}, claims {sub, aud, exp, iat}; the algorithm is the key's own.
[[nodiscard]] Result<std::string> sign_jwt_svid(JwtSpec const& spec, std::string_view key_id,
                                                tls::PrivateKey const& key);

// What the token says, without asking whether it is true: for showing one's own token only.
[[nodiscard]] Result<JwtSvid> read_jwt_svid(std::string_view token);

// JWT-SVID §3–§5: a known algorithm that fits the key, the key named by `kid` in the bundle of the
// trust domain of `sub`, `aud` holds `audience`, `exp` (and `nbf`) against `now` with no leeway.
// Code::no_bundle when nobody vouches for that trust domain. A header that demands extensions
// (`crit`) is refused.
[[nodiscard]] Result<JwtSvid> verify_jwt_svid(std::string_view token, std::string_view audience,
                                              Bundles const& bundles, WallTime now);

}  // namespace aw::identity
