// SPDX-License-Identifier: Apache-2.0
#include "commands/support/authorizer.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "core/authz/opa_http.h"
#include "core/config/load.h"
#include "core/io/task.h"

namespace aw::commands {
namespace {

Result<PolicySource> from_configuration(PolicyOptions const& options, Context const& context) {
  config::LoadRequest request{.file = options.config,
                              .env = config::lookup_in(context.env),
                              .backends = config::BackendRule::in_process};
  if (!options.environment.empty()) request.environment = options.environment;
  AW_TRY(auto loaded, config::load(request));
  auto const& agent = loaded.config.agent;
  auto const& configured = loaded.config.identity.spiffe_id;
  auto self = identity::SpiffeId::parse(
      configured.empty() ? "spiffe://" + agent.trust_domain + "/agent/" + agent.name : configured);
  PolicySource out{.config = std::move(loaded.config.authorization), .self = std::nullopt};
  if (self.ok()) out.self = *std::move(self);
  return out;
}

void apply_flags(PolicyOptions const& options, authz::Config& config) {
  if (!options.opa_endpoints.empty()) {
    config.opa_endpoints = options.opa_endpoints;
    config.policy_dir.clear();
    config.bundle = {};
    config.data_files.clear();
    config.provider = authz::Provider::opa;
  }
  if (!options.policy_dir.empty()) {
    config.policy_dir = options.policy_dir;
    config.bundle = {};
    config.data_files.clear();
    config.provider = authz::Provider::opa;
  }
  if (!options.data_files.empty()) config.data_files = options.data_files;
  if (!options.policy_path.empty()) config.policy_path = options.policy_path;
}

}  // namespace

void add_policy_options(CLI::App& command, PolicyOptions& options) {
  command.add_option("--config", options.config, "Configuration; without it, the search path")
      ->type_name("FILE");
  command.add_option("--env", options.environment, "Environment to load it for")->type_name("ENV");
  command
      .add_option("--opa-endpoint", options.opa_endpoints,
                  "Ask this OPA instead (http://, https://, unix://); may be repeated")
      ->type_name("URL")
      ->allow_extra_args(false);
  command
      .add_option("--policy-path", options.policy_path,
                  "Package or rule to ask, like agentweave/authz/allow")
      ->type_name("PATH");
  command.add_option("--policy", options.policy_dir, "Evaluate the policies in this directory")
      ->type_name("DIR");
  command
      .add_option("--data", options.data_files, "Data file for --policy (JSON or YAML); repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

Result<PolicySource> policy_source(PolicyOptions const& options, Context const& context) {
  bool const flags_say_it = !options.opa_endpoints.empty() || !options.policy_dir.empty();
  PolicySource source;
  auto configured = from_configuration(options, context);
  // A configuration that was not asked for only helps: it completes short names.
  bool const needed = !flags_say_it || !options.config.empty();
  if (needed && !configured.ok()) return std::move(configured).error();
  if (needed) {
    source = *std::move(configured);
  } else if (configured.ok()) {
    source.self = configured->self;
  }
  apply_flags(options, source.config);
  return source;
}

CommandAuthorizer::CommandAuthorizer(authz::Config const& config, Clock const& clock)
    : log_(log::Log::silent()), pool_(1, 16), client_({.timeout = config.timeout}, pool_, clock) {}

Result<std::unique_ptr<CommandAuthorizer>> CommandAuthorizer::open(authz::Config const& config,
                                                                   Context const& context) {
  std::unique_ptr<CommandAuthorizer> out(new CommandAuthorizer(config, context.clock));
  std::unique_ptr<authz::OpaTransport> transport;
  if (!config.embedded() && config.provider == authz::Provider::opa) {
    AW_TRY(transport, authz::http_opa_transport(config, out->client_, std::nullopt));
  }
  authz::AuthorizerNeeds const needs{
      .clock = context.clock, .log = *out->log_, .metrics = out->metrics_};
  authz::BundleNeeds bundle;
  if (!config.bundle.url.empty()) {
    // Without an SVID: a service that asks for one is for `serve`.
    AW_TRY(bundle.source, authz::http_bundle_source(config.bundle, out->client_, std::nullopt));
  }
  AW_TRY(out->authorizer_,
         authz::Authorizer::open(config, needs, std::move(transport), std::move(bundle)));
  return out;
}

authz::Explanation CommandAuthorizer::explain(authz::AuthzContext const& question,
                                              std::optional<rego::EventDetail> detail) {
  return io::run_blocking(authorizer_->explain(
      question, {.events = detail, .flips = authz::ExplainOptions::Flips::find}));
}

}  // namespace aw::commands
