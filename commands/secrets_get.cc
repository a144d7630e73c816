// SPDX-License-Identifier: Apache-2.0
// `agentweave secrets get NAME`: asks whoever keeps a secret, as the agent would.
#include "commands/secrets_get.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/config_options.h"
#include "commands/support/command.h"
#include "commands/support/secret_store.h"
#include "core/base/secret.h"

namespace aw::commands {
namespace {

enum class Show { redacted, revealed };

struct SecretsGetOptions {
  std::string name;
  ConfigOptions config;
  Show show = Show::redacted;
};

Result<void> run_secrets_get(SecretsGetOptions const& options, Context& context) {
  AW_TRY(auto const loaded, load_config(options.config, context));
  auto const store = open_secrets(loaded.config, context);
  AW_TRY(auto const known, store->look(options.name));
  AW_TRY(auto const secret, store->get(options.name));
  bool const reveal = options.show == Show::revealed;
  std::string const value(reveal ? secret.reveal() : kRedacted);
  json::Json const data = {{"name", known.name},
                           {"source", known.source},
                           {"bytes", known.bytes},
                           {"age_seconds", std::chrono::duration<double>(known.age).count()},
                           {"value", value}};
  context.print("Secret", data, [&](std::ostream& out) {
    if (reveal) {
      out << value << '\n';
      return;
    }
    out << known.name << "  " << value << "  " << known.bytes
        << (known.bytes == 1 ? " byte" : " bytes") << "  age " << format_duration(known.age) << "  "
        << known.source << '\n';
  });
  return {};
}

}  // namespace

void register_secrets_get(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SecretsGetOptions>();
  auto& group = add_group(parent, "secrets", "The secrets of a configuration");
  auto& command = add_command(
      group, {.name = "get",
              .purpose = "Ask who keeps a secret for it, as the agent would",
              .examples = {"agentweave secrets get search_key --config config.yaml",
                           "agentweave secrets get search_key --config config.yaml -o json",
                           "agentweave secrets get search_key --config config.yaml --reveal"},
              .details = "Prints where it is kept, its length and its age; the secret itself only "
                         "with --reveal.\n"
                         "Exit 5 when it cannot be had: missing, refused, or nobody answers."});
  command.add_option("NAME", options->name, "A name of secrets.values")->required();
  command
      .add_option("--config", options->config.file,
                  "The configuration file (default: the search path)")
      ->type_name("FILE");
  add_environment_and_overrides(command, options->config);
  command.add_flag_callback(
      "--reveal", [options] { options->show = Show::revealed; }, "Print the secret itself");
  on_run(command, context, [options, &context] { return run_secrets_get(*options, context); });
}

}  // namespace aw::commands
