// SPDX-License-Identifier: Apache-2.0
// What `serve` and `dev` share: load the configuration as the validator does, run until told to
// stop, reload on SIGHUP.
//
// Blocks until the agent has drained.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/config/load.h"
#include "core/runtime/runtime.h"

namespace aw::commands {

// Prints every finding on stderr; an error (exit 4, or 2 for a flag's) when any is one, that does
// not say them again.
[[nodiscard]] Result<config::Loaded> load_checked(config::LoadRequest const& request,
                                                  Context& context);

// A service answers to a supervisor and gives up what it does not need (core/runtime/confine.h); a
// keeper is one that starts a command besides.
enum class As { service, keeper, tool };

struct Serving {
  As as = As::tool;
  config::LoadRequest request;  // read again on SIGHUP
  // What the program itself knows better than the file; at each reading of it. Empty = nothing.
  std::function<void(config::Config&)> amend;
  // What takes the place of parts that the configuration would make; empty = nothing.
  std::function<runtime::Seams(config::Loaded const&)> seams;
  // Called once the agent serves; `took` is the time from the start.
  std::function<void(runtime::Runtime&, std::chrono::nanoseconds took)> ready;

  // For whoever keeps something beside the agent; empty = nothing is kept.
  // Called some 50 times a second while the agent serves; false ends it.
  std::function<bool()> tend;
  // Asked until it says yes: only then a supervisor hears that we are ready.
  std::function<bool()> settled;
  // Gets SIGUSR1, SIGUSR2 and SIGWINCH.
  std::function<void(int signal)> forward;
  // Called after the drain, while the agent still exists.
  std::function<void(runtime::Runtime&, runtime::Drained const&)> drained;
};

// 0 after a clean drain; Code::interrupted when work was cut off.
[[nodiscard]] Result<void> serve_until_stopped(Serving const& serving, Context& context);

// $XDG_RUNTIME_DIR/agentweave/agent.sock, or below /tmp for this user.
[[nodiscard]] std::string default_dev_socket(Context const& context);

}  // namespace aw::commands
