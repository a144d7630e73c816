// SPDX-License-Identifier: Apache-2.0
// What the examples with two agents in one process share: a trust domain in memory, so that they
// need no SPIRE, and settings for loopback. A program of yours has a configuration file instead.
#pragma once

#include <agentweave/agentweave.h>
#include <agentweave/testing.h>

#include <cstdlib>
#include <iostream>

namespace example {

inline std::shared_ptr<const agentweave::testing::MockTrustDomain> domain() {
  static auto const one = std::make_shared<const agentweave::testing::MockTrustDomain>("shop.test");
  return one;
}

inline agentweave::AgentOptions options(std::string const& name) {
  agentweave::AgentOptions out;
  out.settings = {"agent.name=" + name,
                  "agent.trust_domain=shop.test",
                  "agent.environment=development",
                  "authorization.audit.destinations=[stderr]",
                  "observability.metrics.enabled=false",
                  "observability.logging.level=ERROR",
                  "server.admin.enabled=false",
                  "server.host=127.0.0.1",
                  "server.port=0"};
  out.identity = std::make_unique<agentweave::testing::MockIdentityProvider>(
      domain(), "spiffe://shop.test/agent/" + name);
  return out;
}

// The value, or the end of the example.
template <class T>
T must(agentweave::Result<T> result) {
  if (!result.ok()) {
    std::cerr << result.error().text() << '\n';
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace example
