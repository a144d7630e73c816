// SPDX-License-Identifier: Apache-2.0
// A capability served by a command: payload on stdin, result on stdout, one process a call.
//
// No shell. The process is in a group of its own, has none of our descriptors and only the
// environment it is given; it ends with the call, whatever it started with it.
#pragma once

#include <memory>

#include "core/backend/backend.h"

namespace aw::backend {

[[nodiscard]] Result<std::unique_ptr<Backend>> make_exec_backend(Config const& config, Tools tools);

}  // namespace aw::backend
