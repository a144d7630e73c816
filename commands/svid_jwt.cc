// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_jwt.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/identity/svid_choice.h"
#include "core/identity/workload_fetch.h"

namespace aw::commands {

Result<void> run_svid_jwt(SvidJwtOptions const& options, Context& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options.workload, context));
  identity::JwtRequest request{.audience = options.audience, .id = {}};
  if (!options.as.empty()) {
    AW_TRY(auto const state, current_state(options.workload, context));
    AW_TRY(auto const svid, identity::choose_svid(state, options.as));
    request.id = svid.id;
  }
  AW_TRY(auto const jwt, identity::fetch_jwt_svid(endpoint, request, options.workload.timeout));
  json::Json const data = {{"spiffe_id", jwt.id.text()},
                           {"audience", jwt.audience},
                           {"expires", format_rfc3339(jwt.expires)},
                           {"token", jwt.token}};
  context.print("JwtSvid", data, [&](std::ostream& out) { out << jwt.token << '\n'; });
  context.detail(jwt.id.text() + "   valid " + format_duration(jwt.expires - context.clock.now()));
  return {};
}

void register_svid_jwt(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidJwtOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command = add_command(
      group,
      {.name = "jwt",
       .purpose = "Print a JWT-SVID for an audience: a bearer token, so handle it as a secret",
       .examples = {"agentweave svid jwt --aud spiffe://example.org/agent/billing"}});
  add_workload_options(command, options->workload);
  command
      .add_option("--aud,--audience", options->audience,
                  "Who the token is for; several are allowed")
      ->required()
      ->check([](std::string const& name) {
        return name.empty() ? std::string("an audience has a name") : std::string();
      });
  command.add_option("--as", options->as,
                     "Which identity: SPIFFE ID, hint or last path segment (default: the first)");
  on_run(command, context, [options, &context] { return run_svid_jwt(*options, context); });
}

}  // namespace aw::commands
