// SPDX-License-Identifier: Apache-2.0
// What the tests of providers share: issuers to take states from, and waiting for what happens on
// other threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/identity/dev_issuer.h"
#include "core/testing/manual_clock.h"

namespace aw::testing {

inline constexpr auto kPatience = std::chrono::seconds(20);

// True as soon as `holds` does; false after kPatience.
inline bool eventually(std::function<bool()> const& holds) {
  auto const deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

inline identity::TrustDomain domain(std::string const& name) {
  return identity::TrustDomain::parse(name).value();
}

inline identity::DevIssuerSpec issuer_spec(std::string const& trust_domain) {
  auto const id = [&](std::string const& path) {
    return identity::SpiffeId::make(domain(trust_domain), path).value();
  };
  return {.domain = domain(trust_domain),
          .identities = {{.id = id("/agent/hello"), .name = "hello", .dns_names = {"localhost"}},
                         {.id = id("/agent/client"), .name = "client", .dns_names = {}}}};
}

inline std::unique_ptr<identity::DevIssuer> make_issuer(std::string const& trust_domain,
                                                        Clock const& clock) {
  return identity::DevIssuer::create(issuer_spec(trust_domain), clock).value();
}

inline identity::Snapshot state_of(identity::DevIssuer const& issuer) {
  return *issuer.snapshots().latest().value;
}

}  // namespace aw::testing
