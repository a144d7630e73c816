// SPDX-License-Identifier: Apache-2.0
// Public keys as JSON Web Keys (RFC 7517), one object each. Pure; any thread. Errors:
// Code::bundle_malformed.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/tls/public_key.h"

namespace aw::identity {

// kty and the key's numbers, nothing else.
[[nodiscard]] Result<json::Json> to_jwk(tls::PublicKey const& key);
// EC, RSA and OKP keys as public_key.h knows them; other members are not looked at.
[[nodiscard]] Result<tls::PublicKey> from_jwk(json::Json const& jwk);

// The member as a string; empty when it is absent or no string.
[[nodiscard]] std::string string_member(json::Json const& object, char const* name);

}  // namespace aw::identity
