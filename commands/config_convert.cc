// SPDX-License-Identifier: Apache-2.0
#include "commands/config_convert.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/config_options.h"
#include "commands/support/command.h"
#include "core/base/fs.h"
#include "core/config/show.h"

namespace aw::commands {
namespace {

// A capability was a Python method; now its code listens somewhere.
bool needs_upstream(config::Config const& config) {
  return config.server.upstream.empty() &&
         std::ranges::any_of(config.backends, [](backend::Config const& one) {
           return one.kind == backend::Kind::none;
         });
}

nlohmann::ordered_json converted(config::Loaded const& loaded, std::string const& upstream) {
  auto out = config::given_document(loaded);
  if (needs_upstream(loaded.config)) out["server"]["upstream"] = upstream;
  return out;
}

void write_text(std::ostream& out, std::string const& file, config::Loaded const& loaded,
                std::string const& upstream) {
  out << "# From " << file << ". Check it: agentweave config validate FILE\n";
  if (needs_upstream(loaded.config))
    out << "# server.upstream: where the code of the capabilities listens, POST /CAPABILITY.\n";
  out << config::yaml_of(converted(loaded, upstream));
}

}  // namespace

Result<Exit> run_config_convert(ConfigConvertOptions const& options, Context& context) {
  AW_TRY(auto request, load_request({.file = options.file}, context));
  request.backends = config::BackendRule::in_process;
  request.variables.clear();
  std::map<std::string, std::string> const nothing;  // what this machine's variables say is not it
  request.env = config::lookup_in(nothing);
  auto const loaded = config::inspect(request);
  if (loaded.files.empty() && !request.text) return told_refusal(loaded, context);
  context.err << config::render_text(loaded.diagnostics) << std::flush;
  if (loaded.keys == 0) {
    auto const& found = loaded.diagnostics;
    return make_error(found.empty() ? Code::config_syntax : found.front().code,
                      options.file + " holds no setting that could be taken over");
  }
  context.print("Config", json::Json(converted(loaded, options.upstream)), [&](std::ostream& out) {
    write_text(out, options.file, loaded, options.upstream);
  });
  return loaded.ok() ? Exit::ok : Exit::invalid;
}

void register_config_convert(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ConfigConvertOptions>();
  auto& group = add_group(parent, "config", "Check, explain and show configurations");
  auto& command = add_command(
      group,
      {.name = "convert",
       .purpose = "Rewrite a configuration of the Python implementation under today's names",
       .examples = {"agentweave config convert old.yaml > config.yaml",
                    "agentweave config convert old.yaml --upstream http://127.0.0.1:7000"},
       .details =
           "Reads its three dialects. What was given is printed, nothing else; what has another\n"
           "name, no meaning or no place here is said on stderr. Exit 4 when something could not\n"
           "be taken over: the rest is printed all the same."});
  command.add_option("CONFIG", options->file, "The old file; - for standard input")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--upstream", options->upstream, "Where the code of the capabilities will listen")
      ->capture_default_str();
  on_answer(command, context,
            [options, &context] { return run_config_convert(*options, context); });
}

}  // namespace aw::commands
