// SPDX-License-Identifier: Apache-2.0
// `agentweave bundle watch`: a trust domain's authorities over time, for whoever rotates a CA.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/workload.h"

namespace aw::commands {

struct BundleWatchOptions {
  WorkloadOptions workload;
  std::string trust_domain;  // empty = the own one
  bool agents = false;       // ask the peers of the configuration which authority signs them
  std::string config;        // where the peers are listed
  std::uint64_t count = 0;   // stop after so many lines; 0 = never
};

// What one authority does for the domain, as far as the Workload API and certificates tell.
enum class AuthorityRole {
  active,    // signs the certificate looked at
  prepared,  // younger than the active one
  old,       // older: what it signed is still trusted
  tainted,   // given up: what it signed was renewed long before its time (AuthorityWatch)
  unknown,   // no certificate of this domain was seen
};
// "active", "prepared", "old", "tainted", "unknown"
[[nodiscard]] std::string_view role_name(AuthorityRole role);

// One X.509 authority; the fingerprint is of SHA-256, in hex.
struct AuthorityView {
  std::string fingerprint;
  WallTime not_before{};
  WallTime not_after{};
  AuthorityRole role = AuthorityRole::unknown;
};
// `active` is the fingerprint of the authority that signs, empty when not known.
[[nodiscard]] std::vector<AuthorityView> authorities_of(identity::Bundle const& bundle,
                                                        std::string const& active);

// Which authority signs each agent, by SPIFFE ID; empty = it did not answer.
using AgentIssuers = std::map<std::string, std::string>;
// `agents 2/3 on d07a…`; the authority most recently active, or the most common one.
[[nodiscard]] std::string agents_text(AgentIssuers const& agents, std::string const& active);

// A line whenever something changed, one object each when machine readable. Blocks until `count`
// lines or Ctrl-C; with `agents` every peer is asked once a second, one after another. When an
// authority goes before its time, the agent of `config` is asked how many connections went with it.
// Code::usage when no peer of the domain is listed.
Result<Exit> run_bundle_watch(BundleWatchOptions const& options, Context& context);
void register_bundle_watch(CLI::App& parent, Context& context);

}  // namespace aw::commands
