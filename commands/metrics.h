// SPDX-License-Identifier: Apache-2.0
// `agentweave metrics`: an agent's metrics in the terminal, once or live.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "commands/support/context.h"

namespace aw::commands {

// `exposition`: Prometheus text as it came; of it, with names, their series.
struct MetricsOptions {
  std::string url = "http://127.0.0.1:9090/metrics";
  std::vector<std::string> names;  // only series whose name contains one of these
  enum class Mode { once, watch } mode = Mode::once;
  enum class Form { table, exposition } form = Form::table;
  std::chrono::nanoseconds interval = std::chrono::seconds(2);
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

// Code::connect, Code::timeout, Code::check_failed for another status than 200, Code::protocol
// for what is no exposition.
// Watching says failures on stderr and goes on until Ctrl-C.
Result<Exit> run_metrics(MetricsOptions const& options, Context& context);
void register_metrics(CLI::App& parent, Context& context);

}  // namespace aw::commands
