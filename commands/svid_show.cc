// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_show.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"

namespace aw::commands {
namespace {

json::Json state_json(identity::Snapshot const& state, std::vector<SvidView> const& views) {
  json::Json svids = json::Json::array();
  for (auto const& view : views) svids.push_back(to_json(view));
  json::Json federated = json::Json::array();
  auto const& own = state.svid().id.trust_domain();
  for (auto const& [domain, bundle] : state.bundles)
    if (domain != own) federated.push_back(to_json(bundle));
  return {{"svids", std::move(svids)},
          {"bundle", to_json(state.bundles.at(own))},
          {"federated", std::move(federated)}};
}

void write_state(std::ostream& out, identity::Snapshot const& state,
                 std::vector<SvidView> const& views, Context const& context) {
  for (auto const& view : views) {
    out << one_line(view, context);
    if (!view.hint.empty()) out << "   hint " << view.hint;
    out << '\n';
  }
  auto const& own = state.bundles.at(state.svid().id.trust_domain());
  out << own.trust_domain().name() << "   CAs:";
  for (auto const& authority : own.x509_authorities())
    out << ' ' << short_fingerprint(authority.fingerprint_sha256());
  out << "   federated: " << federated_text(state) << '\n';
}

}  // namespace

Result<void> run_svid_show(SvidShowOptions const& options, Context& context) {
  AW_TRY(auto const state, current_state(options.workload, context));
  std::vector<SvidView> views;
  for (auto const& svid : state.svids)
    views.push_back(view_of(svid, state.bundles, context.clock.now()));
  context.print("SvidList", state_json(state, views),
                [&](std::ostream& out) { write_state(out, state, views, context); });
  return {};
}

void register_svid_show(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidShowOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command = add_command(
      group,
      {.name = "show",
       .purpose = "Print this workload's current X.509-SVIDs",
       .examples = {"agentweave svid show", "agentweave svid show -o json",
                    "agentweave svid show --socket unix:///run/spire/sockets/agent.sock"},
       .details = "The first SVID is the default one. Issuers renew at about half of the life."});
  add_workload_options(command, options->workload);
  on_run(command, context, [options, &context] { return run_svid_show(*options, context); });
}

}  // namespace aw::commands
