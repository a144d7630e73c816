// SPDX-License-Identifier: Apache-2.0
// A handler as a backend: it runs on a pool of threads, what it says is said on the call's loop.
//
// Not installed. `pool` outlives the backend and every call of it.
#pragma once

#include <memory>

#include "core/backend/backend.h"
#include "core/io/pool.h"
#include "core/sdk/agent.h"

namespace aw::sdk {

[[nodiscard]] std::unique_ptr<backend::Backend> handler_backend(Handler handler,
                                                                io::BlockingPool& pool);

}  // namespace aw::sdk
