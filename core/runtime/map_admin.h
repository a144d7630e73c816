// SPDX-License-Identifier: Apache-2.0
// The trust map on the admin port (docs/map.md): POST /map/ticket for who holds the admin token;
// /map, its files and what they ask for, for the browser that came with a ticket. All of it only
// reads.
//
// Private to the composer.
#pragma once

#include "core/runtime/parts.h"

namespace aw::runtime {

// `parts` outlives the routes. On the loops; what reads the decision store goes to the blocking
// pool.
void add_map_routes(server::PlainRoutes& routes, Runtime::Parts& parts);

}  // namespace aw::runtime
