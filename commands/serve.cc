// SPDX-License-Identifier: Apache-2.0
// `agentweave serve`: the runtime.
#include "commands/serve.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "commands/config_options.h"
#include "commands/support/command.h"
#include "commands/support/serving.h"

namespace aw::commands {
namespace {

struct ServeOptions {
  ConfigOptions config;
  std::string host;
  std::string port;
  std::string log_level;
};

Result<config::LoadRequest> request_of(ServeOptions const& options, Context& context) {
  AW_TRY(auto request, load_request(options.config, context));
  if (!options.host.empty()) request.flags.push_back({"--host", "server.host", options.host});
  if (!options.port.empty()) request.flags.push_back({"--port", "server.port", options.port});
  if (!options.log_level.empty())
    request.flags.push_back({"--log-level", "observability.logging.level", options.log_level});
  return request;
}

Result<void> run_serve(ServeOptions const& options, Context& context) {
  Serving serving;
  serving.as = As::service;
  AW_TRY(serving.request, request_of(options, context));
  serving.ready = [&context](runtime::Runtime& agent, std::chrono::nanoseconds took) {
    auto const at = agent.listening();
    context.say("serving " + at.spiffe_id + " on " + at.agent + " (mTLS)   metrics " +
                (at.metrics.empty() ? "off" : at.metrics) + "   ready in " + format_duration(took));
  };
  return serve_until_stopped(serving, context);
}

}  // namespace

void register_serve(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ServeOptions>();
  auto& command = add_command(
      parent,
      {.name = "serve",
       .purpose = "Serve the agent of a configuration until SIGTERM",
       .examples =
           {"agentweave serve config.yaml", "agentweave serve config.dev.yaml --env development",
            "agentweave serve config.yaml --port 9443 --set observability.logging.level=DEBUG"},
       .details =
           "SIGTERM and SIGINT drain: not ready, no new connections, what runs is finished, exit "
           "0.\n"
           "SIGHUP reads configuration, policy and files again; what is wrong keeps the old "
           "state.\n"
           "Without CONFIG: AGENTWEAVE_CONFIG_PATH, ./config.yaml, ~/.agentweave/config.yaml,\n"
           "/etc/agentweave/config.yaml."});
  add_config_options(command, options->config);
  command.add_option("--host", options->host, "Instead of server.host");
  command.add_option("--port", options->port, "Instead of server.port");
  command.add_option("--log-level", options->log_level, "Instead of observability.logging.level");
  on_run(command, context, [options, &context] { return run_serve(*options, context); });
}

}  // namespace aw::commands
