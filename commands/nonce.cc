// SPDX-License-Identifier: Apache-2.0
#include "commands/nonce.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/a2a/replay_headers.h"

namespace aw::commands {

Result<void> run_nonce(NonceOptions const& options, Context& context) {
  auto const headers = a2a::fresh_replay_headers(context.clock.now());
  // Without quotes and blanks, so that an unquoted $(agentweave nonce --curl) splits right.
  bool const curl = options.form == NonceOptions::Form::curl;
  std::string_view const before = curl ? "-H " : "";
  std::string_view const colon = curl ? ":" : ": ";
  json::Json const data = {{std::string(a2a::kNonceHeader), headers.nonce},
                           {std::string(a2a::kTimestampHeader), headers.timestamp}};
  context.print("Nonce", data, [&](std::ostream& out) {
    out << before << a2a::kNonceHeader << colon << headers.nonce << '\n'
        << before << a2a::kTimestampHeader << colon << headers.timestamp << '\n';
  });
  return {};
}

void register_nonce(CLI::App& parent, Context& context) {
  auto options = std::make_shared<NonceOptions>();
  auto& command = add_command(
      parent,
      {.name = "nonce",
       .purpose = "Print fresh replay-protection headers for one request",
       .examples = {"agentweave nonce", "agentweave nonce --curl"},
       .details = "With curl: curl $(agentweave nonce --curl) --cert svid.pem --key svid.key …\n"
                  "Each nonce is good for one request; the timestamp for five minutes."});
  command.add_flag_callback(
      "--curl", [options] { options->form = NonceOptions::Form::curl; }, "As -H options for curl");
  on_run(command, context, [options, &context] { return run_nonce(*options, context); });
}

}  // namespace aw::commands
