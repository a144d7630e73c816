// SPDX-License-Identifier: Apache-2.0
#include "commands/svid_fetch.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "core/base/fs.h"
#include "core/identity/svid_choice.h"

namespace aw::commands {
namespace {

Result<void> write_files(std::filesystem::path const& directory, identity::Svid const& svid,
                         identity::Bundle const& bundle) {
  AW_TRY(auto const key, svid.key.pem());
  std::string chain;
  for (auto const& certificate : svid.chain) chain += certificate.pem();
  AW_TRY(fs::make_private_directory(directory));
  // The certificate last: who waits for it finds the key that fits.
  AW_TRY(fs::write_file_atomic(directory / "bundle.pem", bundle.pem(), fs::Mode::public_file));
  AW_TRY(fs::write_file_atomic(directory / "svid.key", key.reveal(), fs::Mode::private_file));
  return fs::write_file_atomic(directory / "svid.pem", chain, fs::Mode::public_file);
}

}  // namespace

Result<void> run_svid_fetch(SvidFetchOptions const& options, Context& context) {
  AW_TRY(auto const state, current_state(options.workload, context));
  AW_TRY(auto const svid, identity::choose_svid(state, options.as));
  auto const& bundle = state.bundles.at(svid.id.trust_domain());
  AW_TRY(write_files(options.out, svid, bundle));
  auto const view = view_of(svid, state.bundles, context.clock.now());
  auto data = to_json(view);
  data["files"] = {{"certificate", (options.out / "svid.pem").string()},
                   {"key", (options.out / "svid.key").string()},
                   {"bundle", (options.out / "bundle.pem").string()}};
  context.print("SvidFiles", data, [&](std::ostream& out) {
    auto const minutes = std::chrono::round<std::chrono::minutes>(view.left);
    auto const valid =
        minutes.count() > 1 ? std::to_string(minutes.count()) + "m" : format_duration(view.left);
    out << "wrote svid.pem svid.key bundle.pem   valid " << valid << "   " << view.id << '\n';
  });
  context.say(
      "they expire: fetch again before, or let `agentweave run` or `serve` hold the identity");
  return {};
}

void register_svid_fetch(CLI::App& parent, Context& context) {
  auto options = std::make_shared<SvidFetchOptions>();
  auto& group = add_group(parent, "svid", "See, follow, save and check this workload's identity");
  auto& command = add_command(
      group, {.name = "fetch",
              .purpose = "Write the SVID, its key (0600) and the bundle as PEM files",
              .examples = {"agentweave svid fetch --out ~/.aw",
                           "agentweave svid fetch --as client --out certs"},
              .details = "Files: svid.pem, svid.key, bundle.pem. Each is replaced as a whole."});
  add_workload_options(command, options->workload);
  command.add_option("--out", options->out, "Directory; made (0700) where it is missing")
      ->capture_default_str();
  command.add_option("--as", options->as,
                     "Which SVID: SPIFFE ID, hint or last path segment (default: the first)");
  on_run(command, context, [options, &context] { return run_svid_fetch(*options, context); });
}

}  // namespace aw::commands
