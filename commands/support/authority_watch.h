// SPDX-License-Identifier: Apache-2.0
// Which authorities an issuer gives up before their time: told from what the Workload API says one
// moment after the other. Pure; a value.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/identity/bundle.h"
#include "core/identity/svid.h"

namespace aw::commands {

class AuthorityWatch {
 public:
  // Gone from the bundle while it would still have been valid.
  struct Withdrawn {
    std::string fingerprint;
    std::chrono::nanoseconds left{};
  };

  // The bundle of the domain looked at, after each change.
  [[nodiscard]] std::vector<Withdrawn> next(identity::Bundle const& bundle, WallTime now);
  // Our own SVID, of the same domain, and the authority that signs it. No bundle says that an
  // authority is tainted; an issuer that taints one renews at once what it signed. So: an SVID that
  // another authority replaces with most of its life left came from a tainted one.
  void next_svid(identity::Svid const& svid, std::string const& issuer, WallTime now);
  [[nodiscard]] bool tainted(std::string const& fingerprint) const {
    return tainted_.contains(fingerprint);
  }

 private:
  struct Own {
    tls::Certificate leaf;
    std::string issuer;
  };
  std::vector<tls::Certificate> authorities_;
  std::optional<Own> own_;
  std::set<std::string> tainted_;
};

// One connection count of the agent's /status (`trust_changes`): those closed because the authority
// was withdrawn, and how fast. nullopt while it has nothing to say of that authority.
struct ClosedConnections {
  std::uint64_t connections = 0;
  std::chrono::milliseconds took{0};
};
[[nodiscard]] std::optional<ClosedConnections> closed_for(std::string const& status_json,
                                                          std::string const& fingerprint);

}  // namespace aw::commands
