// SPDX-License-Identifier: Apache-2.0
// Federation on the admin port: GET /federation, POST /federation/add and /federation/remove.
//
// Private to the composer. Both changes are audited, and refused for a domain that is not in
// identity.allowed_trust_domains: whom we talk to is the configuration's to say.
#pragma once

#include "core/runtime/parts.h"

namespace aw::runtime {

void add_federation_routes(server::PlainRoutes& routes, Runtime::Parts& parts);

}  // namespace aw::runtime
