// SPDX-License-Identifier: Apache-2.0
// `agentweave doctor --prove`: attacks our own listener, and writes down what it refused, signed.
#pragma once

#include <chrono>
#include <string>

#include "commands/config_options.h"
#include "commands/support/context.h"

namespace aw::commands {

struct ProveOptions {
  std::string address;        // --address host:port; empty = the configured listener
  std::string authority;      // --authority: PEM of one that the listener trusts
  std::string authority_key;  // --authority-key
  std::string echo;           // --echo: an action that answers with its headers
  std::string report;         // --report: where the signed report goes; empty = nowhere
  std::string check;          // --check-report: a report to check instead
  std::string bundle;         // --bundle, for --check-report
  std::string trust_domain;   // --trust-domain, likewise
};

// The flags, on `doctor`'s own command. `options` outlives the tree.
void add_prove_options(CLI::App& command, ProveOptions& options);

// Exit 0 when every attack was refused (or cannot be seen from outside), 7 otherwise. Errors: what
// is in the way of attacking at all (no identity, no listener, a listener that is not ours).
Result<Exit> run_prove(ProveOptions const& options, config::LoadRequest const& request,
                       std::chrono::nanoseconds patience, Context& context);

// Exit 0 for a genuine report in which all was refused, 7 for any other.
Result<Exit> run_check_report(ProveOptions const& options, Context& context);

}  // namespace aw::commands
