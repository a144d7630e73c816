// SPDX-License-Identifier: Apache-2.0
#include "commands/support/agent.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "commands/support/dev_directory.h"
#include "commands/support/options.h"
#include "core/a2a/discovery.h"
#include "core/config/load.h"

namespace aw::commands {
namespace {

constexpr std::string_view kDevAddress = "https://127.0.0.1:8443";

// A file that was named must be good; one that merely lies about only helps when it is.
Result<a2a::DiscoveryConfig> discovery_of(AgentOptions const& options, Context const& context) {
  config::LoadRequest request{.file = options.config, .env = config::lookup_in(context.env)};
  if (!options.config.empty()) {
    AW_TRY(auto loaded, config::load(request));
    return std::move(loaded.config.discovery);
  }
  auto found = config::inspect(request);
  if (!found.ok()) return a2a::DiscoveryConfig{};
  return std::move(found.config.discovery);
}

bool is_listed(a2a::DiscoveryConfig const& discovery, identity::SpiffeId const& id) {
  return std::ranges::any_of(
      discovery.peers, [&](a2a::PeerAddress const& peer) { return peer.spiffe_id == id.text(); });
}

// --address > peers > what `agentweave dev` runs here, when it gave us our identity > template.
Result<http::Endpoint> endpoint_of(AgentOptions const& options, identity::SpiffeId const& id,
                                   Context const& context) {
  AW_TRY(auto const discovery, discovery_of(options, context));
  AW_TRY(auto const socket, workload_endpoint(options.identity.socket, context));
  bool const from_dev = socket.path() == dev_socket(context).string();
  if (!options.address.empty() || is_listed(discovery, id) || !from_dev) {
    return a2a::target_endpoint(id, discovery, options.address);
  }
  auto const running = find_dev_address(context, id);
  return a2a::target_endpoint(id, discovery, running ? *running : std::string(kDevAddress));
}

}  // namespace

void add_agent_options(CLI::App& command, AgentOptions& options) {
  command.add_option("TARGET", options.target, "The agent: a SPIFFE ID, or its last part")
      ->required();
  command
      .add_option("--address", options.address,
                  "Where it listens (https://host:port); its SPIFFE ID is checked all the same")
      ->type_name("URL");
  command.add_option("--config", options.config, "Configuration whose peers are used")
      ->type_name("FILE");
  add_identity_options(command, options.identity);
  add_duration(command, "-t,--timeout", options.timeout, "How long the whole may take");
}

Result<std::unique_ptr<AgentSession>> AgentSession::open(AgentOptions const& options,
                                                         Context const& context) {
  IdentityOptions identity = options.identity;
  identity.timeout = std::min(identity.timeout, options.timeout);
  AW_TRY(auto snapshot, fetch_identity(identity, context));
  auto const own_domain = snapshot.svid().id.trust_domain();
  AW_TRY(auto id, a2a::target_id(options.target, own_domain));
  AW_TRY(auto endpoint, endpoint_of(options, id, context));
  AW_TRY(auto credentials,
         identity::Credentials::make(
             std::make_shared<const identity::Snapshot>(std::move(snapshot)), {}, context.clock));
  http::ClientConfig config;
  config.timeout = options.timeout;
  config.pool.connect_timeout = std::min(config.pool.connect_timeout, options.timeout);
  a2a::Peer peer{.id = std::move(id), .endpoint = std::move(endpoint)};
  return std::unique_ptr<AgentSession>(
      new AgentSession(std::move(credentials), std::move(peer), config, context.clock));
}

AgentSession::AgentSession(std::shared_ptr<const identity::Credentials> credentials, a2a::Peer peer,
                           http::ClientConfig config, Clock const& clock)
    : pool_(1, 16),
      credentials_(std::move(credentials)),
      peer_(std::move(peer)),
      transport_(std::move(config), pool_, clock),
      client_(transport_, credentials_, clock) {}

}  // namespace aw::commands
