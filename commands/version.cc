// SPDX-License-Identifier: Apache-2.0
#include "commands/version.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"

namespace aw::commands {
namespace {

#ifdef NDEBUG
constexpr std::string_view kBuild = "release";
#else
constexpr std::string_view kBuild = "debug";
#endif

Result<void> run_version(Context& context) {
  json::Json const data = {{"version", AW_VERSION},
                           {"build", std::string(kBuild)},
                           {"compiler", "clang " __clang_version__},
                           {"a2a_versions", {"1.0", "0.3"}},
                           {"api_version", std::string(kApiVersion)}};
  context.print("Version", data, [&](std::ostream& out) {
    out << "agentweave " << AW_VERSION << '\n';
    if (context.verbosity != Verbosity::verbose) return;
    out << "build     " << kBuild << "\ncompiler  clang " << __clang_version__
        << "\na2a       1.0, 0.3\n";
  });
  return {};
}

}  // namespace

void register_version(CLI::App& parent, Context& context) {
  auto& command =
      add_command(parent, {.name = "version",
                           .purpose = "Print the version and how it was built",
                           .examples = {"agentweave version", "agentweave version -o json"}});
  on_run(command, context, [&context] { return run_version(context); });
}

}  // namespace aw::commands
