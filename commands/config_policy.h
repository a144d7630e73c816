// SPDX-License-Identifier: Apache-2.0
// The policy half of `config validate --policy DIR`.
#pragma once

#include <string>

#include "commands/config_report.h"
#include "core/base/clock.h"

namespace aw::commands {

// Compiles every .rego below `directory` with the data files beside them, runs the tests with
// coverage, and adds findings and numbers to `report`. Blocks.
void check_policies(std::string const& directory, Clock const& clock, ConfigReport& report);

}  // namespace aw::commands
