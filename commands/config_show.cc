// SPDX-License-Identifier: Apache-2.0
#include "commands/config_show.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/config/show.h"

namespace aw::commands {
namespace {

json::Json origins_json(std::vector<config::Setting> const& settings) {
  auto out = json::Json::array();
  for (auto const& one : settings) {
    out.push_back({{"key", one.key}, {"value", one.value}, {"origin", one.origin}});
  }
  return out;
}

void write_origins(std::ostream& out, std::vector<config::Setting> const& settings) {
  constexpr std::size_t kWidest = 60;
  std::size_t width = 0;
  for (auto const& one : settings) {
    width = std::max(width, one.key.size() + one.value.size() + 2);
  }
  width = std::min(width, kWidest);
  for (auto const& one : settings) {
    std::string line = one.key + ": " + one.value;
    if (line.size() < width) line.append(width - line.size(), ' ');
    out << line << "  # " << one.origin << '\n';
  }
}

}  // namespace

Result<void> run_config_show(ConfigShowOptions const& options, Context& context) {
  AW_TRY(auto const loaded, load_config(options.config, context));
  if (options.origins == Origins::yes) {
    auto const settings = config::settings(loaded);
    context.print("ConfigOrigins", origins_json(settings),
                  [&settings](std::ostream& out) { write_origins(out, settings); });
  } else {
    context.print("Config", json::Json(config::document(loaded.config)),
                  [&loaded](std::ostream& out) { out << config::yaml_document(loaded.config); });
  }
  return {};
}

void register_config_show(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ConfigShowOptions>();
  auto& group = add_group(parent, "config", "Check, explain and show configurations");
  auto& command = add_command(
      group, {.name = "show",
              .purpose = "Print the configuration in force: merged, defaults filled in, masked",
              .examples = {"agentweave config show config.yaml",
                           "agentweave config show config.yaml --origins",
                           "agentweave config show config.yaml --set server.port=9443 -o json"}});
  add_config_options(command, options->config);
  command.add_flag_callback(
      "--origins", [options] { options->origins = Origins::yes; },
      "One line a setting, with where it came from");
  on_run(command, context, [options, &context] { return run_config_show(*options, context); });
}

}  // namespace aw::commands
