// SPDX-License-Identifier: Apache-2.0
#include "commands/config_options.h"

#include <CLI/CLI.hpp>
#include <istream>
#include <ostream>

#include "core/config/document.h"
#include "core/config/variables.h"

namespace aw::commands {

void add_environment_and_overrides(CLI::App& command, ConfigOptions& options) {
  command
      .add_option("--env", options.environment,
                  "production, staging or development; wins over AGENTWEAVE_ENV and the file")
      ->type_name("ENV");
  command
      .add_option("--set", options.overrides, "Set one key, over environment and file: KEY=VALUE")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_config_options(CLI::App& command, ConfigOptions& options) {
  command.add_option("CONFIG", options.file, "The file; - for standard input")->type_name("FILE");
  add_environment_and_overrides(command, options);
}

Result<config::LoadRequest> load_request(ConfigOptions const& options, Context& context) {
  config::LoadRequest request;
  request.file = options.file;
  request.env = config::lookup_in(context.env);
  request.variables = config::own_variables(context.env);
  if (!options.environment.empty()) request.environment = options.environment;
  request.overrides = options.overrides;
  if (options.file == "-") {
    // One byte more than allowed, so that the loader sees that it is too much.
    std::string text(config::kMaxFileBytes + 1, '\0');
    context.in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(context.in.gcount()));
    request.text = std::move(text);
  }
  return request;
}

Error told_refusal(config::Loaded const& loaded, Context& context) {
  Error whole = config::refusal(loaded);
  whole.context.clear();
  if (context.machine_readable()) return whole;
  context.err << config::render_text(loaded.diagnostics) << std::flush;
  const auto errors = config::count(loaded.diagnostics, config::Severity::error);
  std::string what =
      loaded.files.empty() ? loaded.diagnostics.front().place.file : loaded.files.front().string();
  if (what.empty() || what == "-") what = "the configuration";
  if (whole.code == Code::usage) what = "the command line";
  return make_error(whole.code, what + " is not usable: " + std::to_string(errors) +
                                    (errors == 1 ? " error" : " errors"));
}

Result<config::Loaded> load_config(ConfigOptions const& options, Context& context) {
  AW_TRY(auto const request, load_request(options, context));
  config::Loaded loaded = config::inspect(request);
  if (loaded.ok()) {
    for (config::Diagnostic const& one : loaded.diagnostics) {
      context.say(config::render_text(one));
    }
    return loaded;
  }
  return told_refusal(loaded, context);
}

}  // namespace aw::commands
