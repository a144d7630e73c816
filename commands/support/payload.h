// SPDX-License-Identifier: Apache-2.0
// A JSON argument: inline, `-` for stdin, `@FILE`.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace aw::commands {

// The text as it was given, checked to be one JSON value of at most 4 MiB. Empty means `{}`.
// Code::usage, Code::io, Code::too_large.
[[nodiscard]] Result<std::string> read_payload(std::string const& argument, Context& context);

}  // namespace aw::commands
