// SPDX-License-Identifier: Apache-2.0
// Any A2A server a command may speak to: an agent that proves its SPIFFE ID, a host of the public
// web (--web-pki), or a server on this machine in the clear.
//
// Blocks while the identity is fetched. One thread; `remote` works inside io::run_blocking.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "commands/support/agent.h"
#include "commands/support/context.h"
#include "core/a2a/remote.h"

namespace aw::commands {

struct ServerOptions {
  AgentOptions agent;  // its target may be a URL
  enum class Trust { spiffe, web_pki } trust = Trust::spiffe;
  std::string ca_file;  // web_pki: authorities instead of the machine's; empty = those
  std::string binding;  // "jsonrpc", "rest", "grpc"; empty = what the card puts first
  std::string version;  // "1.0", "0.3"; empty = 1.0 where there is one
};

// Those of add_agent_options, and --web-pki, --ca, --binding, --a2a-version. `options` outlives the
// tree.
void add_server_options(CLI::App& command, ServerOptions& options);

class ServerSession {
 public:
  // Nothing is sent to the server yet. Code::usage for a target that is none.
  static Result<std::unique_ptr<ServerSession>> open(ServerOptions const& options,
                                                     Context const& context);

  // The card is fetched once; a card that claims another SPIFFE ID than was proven is
  // Code::peer_mismatch.
  [[nodiscard]] io::Task<Result<a2a::Remote>> remote(SteadyTime deadline);
  [[nodiscard]] io::Task<Result<a2a::FetchedCard>> card(SteadyTime deadline);

  [[nodiscard]] AgentSession* agent() { return agent_.get(); }  // null unless it has a SPIFFE ID
  [[nodiscard]] std::string self() const;  // our SPIFFE ID; "nobody" where none is shown
  [[nodiscard]] std::string peer() const;  // its SPIFFE ID, or the URL

 private:
  ServerSession(std::string target, a2a::Wish wish, Clock const& clock, http::ClientConfig config);
  static Result<std::unique_ptr<ServerSession>> open_url(ServerOptions const& options,
                                                         a2a::Wish wish, Context const& context);
  [[nodiscard]] a2a::Line line();

  std::string target_;
  a2a::Wish wish_;
  Clock const& clock_;
  std::unique_ptr<AgentSession> agent_;
  // Without an agent:
  io::BlockingPool pool_{1, 16};
  http::Client transport_;
  http::Endpoint endpoint_;
  std::string base_;
  std::optional<http::Security> security_;
};

}  // namespace aw::commands
