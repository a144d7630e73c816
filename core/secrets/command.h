// SPDX-License-Identifier: Apache-2.0
// A command that prints a secret. No shell, nothing on its input, its own process group, our
// standard error, no other descriptor; whatever is left of it when it is over is killed.
//
// Blocks up to the timeout; any thread. Errors: Code::secret_unavailable, Code::secret_malformed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace aw::secrets {

struct CommandSpec {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value, all of it
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);
  std::size_t limit = 64U << 10U;  // of its output; more is an error
};

[[nodiscard]] Result<std::string> command_output(CommandSpec const& spec);

}  // namespace aw::secrets
