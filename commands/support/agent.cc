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

// Only when `dev` gave us our identity is what runs in it meant.
bool is_from_dev(AgentOptions const& options, Context const& context) {
  auto const socket = workload_endpoint(options.identity.socket, context);
  return socket.ok() && socket->path() == dev_socket(context).string();
}

// --address > peers > what `agentweave dev` runs here > template.
Result<http::Endpoint> endpoint_of(AgentOptions const& options, identity::SpiffeId const& id,
                                   std::optional<DevAgent> const& dev, Context const& context) {
  AW_TRY(auto const discovery, discovery_of(options, context));
  bool const use_dev = is_from_dev(options, context) && !is_listed(discovery, id);
  if (!options.address.empty() || !use_dev) {
    return a2a::target_endpoint(id, discovery, options.address);
  }
  return a2a::target_endpoint(id, discovery, dev ? dev->address : std::string(kDevAddress));
}

// A slip is told before anybody is asked for an identity.
Result<void> check_words(AgentOptions const& options) {
  AW_TRY(auto const example, identity::TrustDomain::parse("corp.example"));
  AW_TRY(auto const id, a2a::target_id(options.target, example));
  if (!options.address.empty()) AW_TRY(a2a::target_endpoint(id, {}, options.address));
  if (options.identity.as.starts_with("spiffe://"))
    AW_TRY(a2a::target_id(options.identity.as, example));
  return {};
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
  AW_TRY(check_words(options));
  IdentityOptions identity = options.identity;
  identity.timeout = std::min(identity.timeout, options.timeout);
  AW_TRY(auto snapshot, fetch_identity(identity, context));
  auto const own_domain = snapshot.svid().id.trust_domain();
  AW_TRY(auto id, a2a::target_id(options.target, own_domain));
  std::optional<DevAgent> dev;
  if (is_from_dev(options, context)) dev = find_dev_agent(context, id);
  AW_TRY(auto endpoint, endpoint_of(options, id, dev, context));
  // Who names an agent of another domain wants to talk to it; its bundle must vouch all the same.
  identity::CredentialsSpec spec;
  spec.allowed.insert(id.trust_domain());
  AW_TRY(auto credentials, identity::Credentials::make(
                               std::make_shared<const identity::Snapshot>(std::move(snapshot)),
                               std::move(spec), context.clock));
  http::ClientConfig config;
  config.timeout = options.timeout;
  config.pool.connect_timeout = std::min(config.pool.connect_timeout, options.timeout);
  a2a::Peer peer{.id = std::move(id), .endpoint = std::move(endpoint)};
  std::unique_ptr<AgentSession> session(
      new AgentSession(std::move(credentials), std::move(peer), config, context.clock));
  session->dev_ = std::move(dev);
  // An address that was given is meant, whatever the card calls itself (a forwarded port, say).
  if (!options.address.empty()) session->follow_ = a2a::Follow::pinned;
  return session;
}

AgentSession::AgentSession(std::shared_ptr<const identity::Credentials> credentials, a2a::Peer peer,
                           http::ClientConfig config, Clock const& clock)
    : clock_(clock),
      pool_(1, 16),
      credentials_(std::move(credentials)),
      peer_(std::move(peer)),
      transport_(std::move(config), pool_, clock),
      client_(transport_, credentials_, clock) {}

a2a::Line AgentSession::line() {
  return {.transport = transport_,
          .clock = clock_,
          .endpoint = peer_.endpoint,
          .base = {},
          .security = a2a::spiffe_security(credentials_, peer_.id),
          .replay = a2a::Replay::marked,
          .follow = follow_};
}

}  // namespace aw::commands
