// SPDX-License-Identifier: Apache-2.0
#include "commands/support/secret_store.h"

#include "core/identity/first_snapshot.h"
#include "core/identity/workload_fetch.h"
#include "core/runtime/make_identity.h"
#include "core/runtime/secret_keeper.h"

namespace aw::commands {
namespace {

std::optional<identity::Svid> svid_of_workload_api(config::Config const& config,
                                                   Clock const& clock) {
  bool const dev = config.identity.provider == identity::Provider::dev;
  auto const endpoint = identity::WorkloadEndpoint::parse(
      dev ? "unix://" + config.identity.dev.socket : config.identity.spiffe_endpoint);
  if (!endpoint.ok()) return std::nullopt;
  auto const seen = identity::fetch_snapshot(*endpoint, config.secrets.timeout, clock.now());
  return seen.ok() ? std::optional(seen->svid()) : std::nullopt;
}

std::optional<identity::Svid> svid_of_files(config::Config const& config, Clock const& clock) {
  auto const log = log::Log::silent();
  io::Watch<identity::Snapshot> watch;
  auto const provider = runtime::make_identity_provider(config, clock, *log);
  if (!provider.ok() || !(*provider)->start(watch).ok()) return std::nullopt;
  auto const seen = identity::wait_first_snapshot(watch, **provider, config.secrets.timeout);
  (*provider)->stop();
  return seen.ok() ? std::optional((*seen)->svid()) : std::nullopt;
}

}  // namespace

std::unique_ptr<secrets::Store> open_secrets(config::Config const& config, Context const& context) {
  bool const files = config.identity.provider == identity::Provider::mtls_static;
  secrets::Ourselves who{.svid =
                             [&config, &context, files] {
                               return (files ? svid_of_files : svid_of_workload_api)(config,
                                                                                     context.clock);
                             },
                         .jwt = runtime::jwt_source(config)};
  return std::make_unique<secrets::Store>(
      config.secrets, secrets::Store::Needs{.clock = context.clock,
                                            .who = std::move(who),
                                            .variables = [&context](std::string const& name) {
                                              return context.variable(name);
                                            }});
}

}  // namespace aw::commands
