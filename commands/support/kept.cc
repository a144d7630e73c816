// SPDX-License-Identifier: Apache-2.0
#include "commands/support/kept.h"

#include <CLI/CLI.hpp>

#include "core/config/load.h"

namespace aw::commands {

void add_kept_options(CLI::App& command, KeptOptions& options) {
  command.add_option("-c,--config", options.config, "Configuration of the agent that decided")
      ->type_name("FILE");
  command.add_option("--state", options.state, "Its state directory, instead")->type_name("DIR");
}

void add_since(CLI::App& command, std::string& since) {
  command.add_option("--since", since, "How far back: 8h, or 2026-11-23T02:00")
      ->capture_default_str()
      ->type_name("TIME");
}

Result<decisions::Reader> open_kept(KeptOptions const& options, Context const& context) {
  std::filesystem::path directory = options.state;
  if (directory.empty()) {
    AW_TRY(auto const loaded, config::load({.file = options.config,
                                            .env = config::lookup_in(context.env),
                                            .backends = config::BackendRule::in_process}));
    directory = loaded.config.server.state.directory;
    if (directory.empty() || !loaded.config.decisions.enabled) {
      return make_error(Code::check_failed, "this agent keeps no decisions",
                        "set state.directory (and authorization.decisions.enabled)");
    }
  }
  return decisions::Reader::open(directory / "decisions");
}

Result<WallTime> parse_since(std::string const& text, WallTime now) {
  if (auto const duration = parse_duration(text)) return now - *duration;
  if (auto const time = parse_rfc3339(text)) return *time;
  // A day, or a minute of one, as people write it.
  for (auto const* rest : {"T00:00:00Z", ":00Z", "Z"}) {
    if (auto const time = parse_rfc3339(text + rest)) return *time;
  }
  return make_error(Code::usage, "no time: " + text, "8h, or 2026-11-23T02:00");
}

}  // namespace aw::commands
