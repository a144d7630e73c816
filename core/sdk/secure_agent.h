// SPDX-License-Identifier: Apache-2.0
// An agent on the network, in this process: identity, mutual TLS, policy, audit and the A2A
// protocol in front of handlers written in C++.
//
// There is no way round the gates: a handler is called after all of them, and `call_agent` goes
// through the same in the other direction. Everything `agentweave serve` does, it does: the
// configuration is the same, and so is what production refuses.
//
// One owner. `call_agent`, `stop` and the getters may be called from any thread; `add_capability`
// before `start`. `start` and `stop` block.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/sdk/agent.h"
#include "core/sdk/authorization_provider.h"
#include "core/sdk/identity_provider.h"

namespace aw::sdk {

// What an agent is made of; given away to `make`.
struct AgentOptions {
  // The configuration: a file, or its text (YAML). With neither, the settings are all of it.
  std::string config_file = {};
  std::string config_text = {};
  // "agent.name=billing", over file and text; later ones win.
  std::vector<std::string> settings = {};
  std::string environment = {};  // "development", …; empty = as configured, else production
  // What ${VAR} and AGENTWEAVE_* of the configuration see; the process's own are not looked at.
  std::map<std::string, std::string> variables = {};

  // In place of what the configuration would make; null = that.
  std::unique_ptr<IdentityProvider> identity = nullptr;
  std::unique_ptr<AuthorizationProvider> authorization = nullptr;
  // After each new SVID, the first included; on the provider's thread, must be quick.
  std::function<void(SvidInfo const& svid)> on_svid_update = {};
  Clock const* clock = nullptr;     // outlives the agent; null = the machine's
  std::size_t handler_threads = 8;  // how many handlers run at once; more calls wait for them
};

class SecureAgent final : public Agent {
 public:
  // Loads and checks the configuration. Code::config_*, with all findings in the error's context.
  static Result<std::unique_ptr<SecureAgent>> make(AgentOptions options);
  ~SecureAgent() override;  // stops
  SecureAgent(SecureAgent const&) = delete;
  SecureAgent& operator=(SecureAgent const&) = delete;

  // Also for a capability that the configuration has: its description and schema hold unless given
  // here, and the handler takes its backend's place.
  Result<void> add_capability(Capability capability) override;

  // Returns when it serves, or with the reason why it cannot. SIGPIPE is ignored from then on,
  // unless the process handles it. Once.
  Result<void> start();
  // `start`, then waits for SIGTERM or SIGINT (which it takes over; call it before other threads
  // exist) and stops; `ready` is called in between. Code::interrupted when work was cut off.
  Result<void> run(std::function<void(SecureAgent& agent)> const& ready = {});
  // Not ready, finishes what runs (server.graceful_shutdown_seconds), ends. Waits for handlers.
  // Not from a handler. False when work was cut off. Twice is fine.
  bool stop();

  using Agent::call_agent;
  Result<std::string> call_agent(std::string_view target, std::string_view capability,
                                 std::string_view payload, CallOptions options) override;
  [[nodiscard]] std::string spiffe_id() const override;
  [[nodiscard]] std::string address() const;  // "https://127.0.0.1:8443"; empty before `start`

 private:
  struct Impl;
  explicit SecureAgent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::sdk
