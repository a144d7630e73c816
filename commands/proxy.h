// SPDX-License-Identifier: Apache-2.0
// `agentweave proxy`: plain HTTP on loopback for local tools, mutual TLS as ourselves to agents.
#pragma once

#include <chrono>
#include <string>

#include "commands/support/context.h"
#include "commands/support/identity.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

struct ProxyOptions {
  std::string listen = "127.0.0.1:8081";
  std::string config;  // peers, discovery and transport
  IdentityOptions identity;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

// Blocks until interrupted.
Result<void> run_proxy(ProxyOptions const& options, Context& context);
void register_proxy(CLI::App& parent, Context& context);

}  // namespace aw::commands
