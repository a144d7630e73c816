// SPDX-License-Identifier: Apache-2.0
// Starts a command that nobody waits for: hooks. No shell; inherits no descriptor but the standard
// three.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace aw::runtime {

// `extra`: NAME=value, added to this process's environment. The child is reaped when it ends,
// whenever that is.
// In a session of its own, with default signals. `command` is not empty; Code::io when it cannot
// be started. A thread waits for its end.
[[nodiscard]] Result<void> spawn_detached(std::vector<std::string> const& command,
                                          std::vector<std::string> const& extra);

}  // namespace aw::runtime
