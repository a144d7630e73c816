// SPDX-License-Identifier: Apache-2.0
// `agentweave policy bench QUERY`: how long does one answer take, from the input's JSON on?
#pragma once

#include <cstddef>
#include <string>

#include "commands/support/context.h"
#include "commands/support/policy_inputs.h"

namespace aw::commands {

struct PolicyBenchOptions {
  std::string query;
  PolicyPaths paths;
  std::string input;
  std::size_t count = 10'000;  // answers measured, after a tenth as many to warm up
  enum class Format { pretty, json } format = Format::pretty;
  enum class Undefined { fails, counts } undefined = Undefined::fails;
};

// Prints {name, p50_ns, p99_ns, n}. Exit 1 when the answer is undefined (unless --fail=false).
// One thread, one answer after another; input is parsed anew for each. Ctrl-C ends the measuring:
// what is there is printed. Errors: policy_*.
Result<Exit> run_policy_bench(PolicyBenchOptions const& options, Context& context);
void register_policy_bench(CLI::App& parent, Context& context);

}  // namespace aw::commands
