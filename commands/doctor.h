// SPDX-License-Identifier: Apache-2.0
// `agentweave doctor`: what is wrong with this installation, and the line that mends it.
#pragma once

#include <chrono>
#include <cstdint>

#include "commands/config_options.h"
#include "commands/doctor_prove.h"
#include "commands/support/context.h"

namespace aw::commands {

struct DoctorOptions {
  enum class FailOn : std::uint8_t { bad, warning };
  enum class Task : std::uint8_t { look, prove };

  ConfigOptions config;
  std::chrono::nanoseconds timeout = std::chrono::seconds(3);  // of one check
  std::chrono::nanoseconds wait{0};  // look again until nothing is bad, at most so long
  FailOn fail_on = FailOn::bad;
  Task task = Task::look;
  ProveOptions prove;
};

// With Task::prove, or a report to check, what doctor_prove.h says. Else looks at configuration,
// identity, bundles, policy, peers, clock, files and ports; changes nothing. Exit 0 when nothing is
// bad, else the exit code of the first bad thing; 6 when only
// --fail-on warn objects.
Result<Exit> run_doctor(DoctorOptions const& options, Context& context);
void register_doctor(CLI::App& parent, Context& context);

}  // namespace aw::commands
