// SPDX-License-Identifier: Apache-2.0
// A capability served by a command: payload on stdin, result on stdout, one process a call.
//
// No shell. The process is in a group of its own, has none of our descriptors and only the
// environment it is given; it ends with the call, whatever it started with it.
#pragma once

#include <memory>

#include "core/backend/backend.h"

namespace aw::backend {

// Code::config_conflict without a command. A run: backend_timeout (SIGTERM at the deadline,
// SIGKILL two seconds later), backend_failed for a status other than 0, backend_answer_malformed
// above max_output_bytes. stderr goes to the log, 8 KiB of it.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_exec_backend(Config const& config, Tools tools);

}  // namespace aw::backend
