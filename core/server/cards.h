// SPDX-License-Identifier: Apache-2.0
// The agent's public card, as the pipeline asks for it. Given by the composer; any thread; quick.
#pragma once

#include <functional>

#include "core/a2a/router.h"
#include "core/http/message.h"

namespace aw::server {

// The answer is whole, with its caching headers; it says nothing of the caller.
using Cards = std::function<http::Response(a2a::CardRequest const&)>;

}  // namespace aw::server
