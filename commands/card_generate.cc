// SPDX-License-Identifier: Apache-2.0
#include "commands/card_generate.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/a2a/card.h"
#include "core/base/fs.h"
#include "core/config/load.h"

namespace aw::commands {
namespace {

// A wildcard address is no address to call; nothing better is known than this machine.
std::string base_url(CardGenerateOptions const& options, config::Config const& config) {
  if (!options.url.empty()) return options.url;
  auto const& host = config.server.host;
  bool const wildcard = host == "0.0.0.0" || host == "::";
  std::string const name = wildcard ? "localhost" : host.contains(':') ? "[" + host + "]" : host;
  return "https://" + name + ":" + std::to_string(config.server.port);
}

std::string spiffe_id_of(config::Config const& config) {
  if (!config.identity.spiffe_id.empty()) return config.identity.spiffe_id;
  return "spiffe://" + config.agent.trust_domain + "/agent/" + config.agent.name;
}

}  // namespace

Result<void> run_card_generate(CardGenerateOptions const& options, Context& context) {
  config::LoadRequest request{.file = options.config,
                              .env = config::lookup_in(context.env),
                              .backends = config::BackendRule::in_process};
  if (!options.environment.empty()) request.environment = options.environment;
  AW_TRY(auto const loaded, config::load(request));
  auto const url = base_url(options, loaded.config);
  a2a::Card const card({.agent = loaded.config.agent,
                        .spiffe_id = spiffe_id_of(loaded.config),
                        .base_url = url,
                        .versions = loaded.config.a2a.versions,
                        .push = true});
  bool const pure = options.form == CardGenerateOptions::Form::pure;
  auto const text =
      card.json(pure ? a2a::CardRequest::Form::pure : a2a::CardRequest::Form::hybrid, url);
  auto const ordered = nlohmann::ordered_json::parse(text);
  auto const pretty = ordered.dump(2) + "\n";
  if (options.file.empty() || options.file == "-") {
    context.print("AgentCard", json::Json::parse(text), [&](std::ostream& out) { out << pretty; });
    return {};
  }
  AW_TRY(fs::write_file_atomic(options.file, pretty, fs::Mode::public_file));
  context.say("Agent card written to: " + options.file);
  return {};
}

void register_card_generate(CLI::App& parent, Context& context) {
  auto options = std::make_shared<CardGenerateOptions>();
  auto& group = add_group(parent, "card", "Agent cards: what an agent says it can do");
  auto& command =
      add_command(group, {.name = "generate",
                          .purpose = "Print the card an agent with this configuration serves",
                          .examples = {"agentweave card generate config.dev.yaml",
                                       "agentweave card generate config.dev.yaml -o card.json"}});
  command.add_option("CONFIG", options->config, "Configuration file; without it, the search path")
      ->type_name("FILE");
  command.add_option("--env", options->environment, "Environment to load it for")->type_name("ENV");
  command.add_option("--file", options->file, "Write it there")->type_name("FILE");
  // The earlier implementation's -o names a file; a format is one all the same.
  command
      .add_option_function<std::string>(
          "-o,--output",
          [options, &context](std::string const& word) {
            if (auto const format = output_called(word)) {
              context.output = *format;
            } else {
              options->file = word;
            }
          },
          "text, table, json, yaml or jsonl: how it is printed; else a file to write it to")
      ->type_name("FORMAT|FILE");
  command.add_option("--url", options->url, "The address the card names")->type_name("URL");
  command.add_flag_callback(
      "--hybrid", [options] { options->form = CardGenerateOptions::Form::hybrid; },
      "With the members 0.3 clients read");
  on_run(command, context, [options, &context] { return run_card_generate(*options, context); });
}

}  // namespace aw::commands
