// SPDX-License-Identifier: Apache-2.0
// `agentweave federation status|add|remove`: whose bundles a running agent fetches, and how that
// goes.
#pragma once

#include <string>

#include "commands/support/context.h"
#include "commands/support/decisions.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

struct FederationOptions {
  AdminOptions admin;
  std::string domain;  // add, remove
  std::string url;     // add
  std::string profile = "https_web";
  std::string endpoint_id;  // add, https_spiffe
  std::string bootstrap;    // add: a file
  std::string ca;           // add, https_web
};

Result<void> run_federation_status(FederationOptions const& options, Context& context);
Result<void> run_federation_add(FederationOptions const& options, Context& context);
Result<void> run_federation_remove(FederationOptions const& options, Context& context);
void register_federation(CLI::App& parent, Context& context);

}  // namespace aw::commands
