// SPDX-License-Identifier: Apache-2.0
#include "commands/support/identity.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "commands/support/workload.h"
#include "core/base/text.h"
#include "core/identity/workload_fetch.h"

namespace aw::commands {
namespace {

bool is_called(identity::Svid const& svid, std::string_view name) {
  return svid.hint == name || svid.id.last_segment() == name || svid.id.text() == name;
}

Error nobody_called(std::string const& name, identity::Snapshot const& snapshot) {
  std::vector<std::string> names;
  names.reserve(snapshot.svids.size());
  for (auto const& svid : snapshot.svids) names.emplace_back(svid.id.last_segment());
  return make_error(Code::no_svid, "the Workload API gives no identity \"" + name + "\"",
                    "it gives: " + text::join(names, ", "));
}

}  // namespace

void add_identity_options(CLI::App& command, IdentityOptions& options) {
  command.add_option("--as", options.as, "Call as this identity: a name or a SPIFFE ID")
      ->type_name("NAME");
  command
      .add_option(
          "--socket", options.socket,
          "Workload API address; without it SPIFFE_ENDPOINT_SOCKET, then `agentweave dev`'s")
      ->type_name("ADDRESS");
}

Result<identity::WorkloadEndpoint> workload_endpoint(std::string const& socket,
                                                     Context const& context) {
  return workload_endpoint(WorkloadOptions{.socket = socket}, context);
}

Result<identity::Snapshot> fetch_identity(IdentityOptions const& options, Context const& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options.socket, context));
  AW_TRY(auto snapshot, identity::fetch_snapshot(endpoint, options.timeout, context.clock.now()));
  if (!snapshot.has_identity()) {
    return make_error(Code::no_svid,
                      "the Workload API at " + endpoint.text() + " gives no identity");
  }
  if (options.as.empty()) return snapshot;
  auto const chosen = std::ranges::find_if(
      snapshot.svids, [&](identity::Svid const& svid) { return is_called(svid, options.as); });
  if (chosen == snapshot.svids.end()) return nobody_called(options.as, snapshot);
  std::rotate(snapshot.svids.begin(), chosen, chosen + 1);
  return snapshot;
}

}  // namespace aw::commands
