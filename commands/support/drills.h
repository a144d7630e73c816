// SPDX-License-Identifier: Apache-2.0
// Faults, shown: each drill brings one about on a running development system, says what a caller
// sees, and judges whether the agent behaved: closed when it must, open again when it may.
//
// Blocks, a few seconds each; one thread. Lines are written as they happen, unless the output is
// for machines.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/context.h"
#include "core/config/load.h"

namespace aw::commands {

[[nodiscard]] std::span<const std::string_view> drill_names();

// `names` are of drill_names(). Exit 0 when the agent behaved in all of them, 1 otherwise; errors:
// the system could not be brought up.
[[nodiscard]] Result<Exit> run_drills(std::vector<std::string> const& names,
                                      config::LoadRequest const& request, Context& context);

}  // namespace aw::commands
