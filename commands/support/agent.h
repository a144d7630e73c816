// SPDX-License-Identifier: Apache-2.0
// What the commands that call an agent share: who we are, who is meant, where it listens, and the
// client that goes there.
//
// Blocks while the identity is fetched. One thread; `client` works inside io::run_blocking.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "commands/support/context.h"
#include "commands/support/dev_directory.h"
#include "commands/support/identity.h"
#include "core/a2a/client.h"
#include "core/a2a/remote.h"
#include "core/http/client.h"
#include "core/identity/credentials.h"
#include "core/io/pool.h"

namespace aw::commands {

struct AgentOptions {
  std::string target;   // SPIFFE ID or short name
  std::string address;  // --address
  std::string config;   // --config: peers and discovery template
  IdentityOptions identity;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

// TARGET, --address, --config, --timeout, --as, --socket. `options` outlives the tree.
void add_agent_options(CLI::App& command, AgentOptions& options);

class AgentSession {
 public:
  // Fetches the identity and finds the peer; nothing is sent to it yet.
  // Where it listens: --address, else the configuration's peers, else the `dev` that gave us our
  // identity, else discovery's template. Errors of fetch_identity, Code::usage for a target that
  // is no agent, config_* of a file that was named.
  static Result<std::unique_ptr<AgentSession>> open(AgentOptions const& options,
                                                    Context const& context);

  [[nodiscard]] identity::SpiffeId const& self() const { return credentials_->self(); }
  [[nodiscard]] identity::Credentials const& credentials() const { return *credentials_; }
  [[nodiscard]] a2a::Peer const& peer() const { return peer_; }
  [[nodiscard]] a2a::Client& client() { return client_; }
  // The way to its A2A interfaces; lives as long as this session.
  [[nodiscard]] a2a::Line line();
  // When `agentweave dev` of this user runs the peer.
  [[nodiscard]] std::optional<DevAgent> const& dev_agent() const { return dev_; }
  // Closes kept connections: the next call connects and handshakes anew.
  void forget_connections() { transport_.close_idle(); }

 private:
  AgentSession(std::shared_ptr<const identity::Credentials> credentials, a2a::Peer peer,
               http::ClientConfig config, Clock const& clock);

  Clock const& clock_;
  io::BlockingPool pool_;
  std::shared_ptr<const identity::Credentials> credentials_;  // shared with connections' contexts
  a2a::Peer peer_;
  http::Client transport_;
  a2a::Client client_;
  std::optional<DevAgent> dev_;
  a2a::Follow follow_ = a2a::Follow::card;
};

}  // namespace aw::commands
