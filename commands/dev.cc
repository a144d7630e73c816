// SPDX-License-Identifier: Apache-2.0
// `agentweave dev`: the agent of this directory, with nothing else installed: embedded identity and
// policy, loopback only.
#include "commands/dev.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/dev_directory.h"
#include "commands/support/drills.h"
#include "commands/support/held_stream.h"
#include "commands/support/serving.h"
#include "core/base/text.h"
#include "core/config/variables.h"
#include "core/identity/dev_provider.h"

namespace aw::commands {
namespace {

struct DevOptions {
  std::string file;
  std::string socket;
  std::vector<std::string> drills;
  std::vector<std::string> settings;
};

Result<void> check_drills(std::vector<std::string> const& drills) {
  auto const known = drill_names();
  for (auto const& drill : drills) {
    if (std::ranges::find(known, std::string_view(drill)) != known.end()) continue;
    auto const meant = text::nearest(drill, known);
    std::vector<std::string> const all(known.begin(), known.end());
    return make_error(Code::usage, "no such drill: " + drill,
                      meant ? "did you mean " + std::string(*meant) + "?" : text::join(all, ", "));
  }
  return {};
}

config::LoadRequest dev_request(DevOptions const& options, Context const& context) {
  config::LoadRequest request;
  request.file = options.file.empty() ? "config.dev.yaml" : options.file;
  request.env = config::lookup_in(context.env);
  request.variables = config::own_variables(context.env);
  request.environment = "development";
  return request;
}

void print_banner(runtime::Runtime& agent, identity::DevIssuer const* issuer,
                  std::string const& socket, std::chrono::nanoseconds took, Context& context) {
  auto const at = agent.listening();
  auto const policy = agent.policy();
  auto const svid = agent.svid();
  auto const now = context.clock.now();
  auto const domain = svid.id.trust_domain().name();
  auto& out = context.out;
  out << context.paint_out(Style::warning, "DEVELOPMENT") << "  throw-away trust domain " << domain
      << ", keys live in memory only, never listens beyond loopback\n";
  out << "identity   " << svid.id.text() << "      SVID " << format_duration(svid.not_after() - now)
      << " left";
  if (issuer != nullptr) out << ", rotates at " << format_duration(issuer->renews_at() - now);
  out << "\nworkload   unix:" << socket << "   (SPIFFE_ENDPOINT_SOCKET for other tools)\n";
  out << "policy     " << policy.source << "  " << policy.rules << " rules, " << policy.tests
      << " tests pass          mode " << policy.mode
      << (policy.mode == "enforce" ? " (default deny)" : "") << '\n';
  out << "listening  " << at.agent << " (mTLS)   admin " << at.admin << "   ready in "
      << format_duration(took) << std::endl;
}

Result<Exit> run_dev(DevOptions const& options, Context& context) {
  AW_TRY(check_drills(options.drills));
  if (!options.drills.empty()) {
    auto request = dev_request(options, context);
    request.overrides = options.settings;
    return run_drills(options.drills, request, context);
  }
  auto const socket = options.socket.empty() ? default_dev_socket(context) : options.socket;
  Serving serving;
  serving.request = dev_request(options, context);
  serving.request.overrides = {"identity.provider=dev", "identity.dev.socket=" + socket,
                               "server.host=127.0.0.1", "observability.metrics.host=127.0.0.1"};
  serving.request.overrides.insert(serving.request.overrides.end(), options.settings.begin(),
                                   options.settings.end());
  // The banner comes first: what the log and the audit log say of the start stands below it.
  std::optional<HeldStream> held;
  serving.seams = [&held](config::Loaded const& loaded) {
    // A hook would go on writing to what is held.
    if (loaded.config.identity.on_svid_update.empty()) held.emplace(STDERR_FILENO);
    return runtime::Seams();
  };
  std::optional<DevEntry> entry;  // while we run, `call` and `authz explain` find us by name
  serving.ready = [&](runtime::Runtime& agent, std::chrono::nanoseconds took) {
    auto const at = agent.listening();
    auto published =
        DevEntry::publish(context, agent.svid().id,
                          {.address = at.agent,
                           .admin = at.admin,
                           .config = std::filesystem::absolute(serving.request.file).string()});
    if (published.ok()) entry.emplace(*std::move(published));
    if (!published.ok()) context.say(published.error().text());
    auto* const provider = dynamic_cast<identity::DevProvider*>(&agent.identity_provider());
    auto* const issuer = provider == nullptr ? nullptr : &provider->issuer();
    print_banner(agent, issuer, socket, took, context);
    held.reset();
  };
  AW_TRY(serve_until_stopped(serving, context));
  return Exit::ok;
}

}  // namespace

void register_dev(CLI::App& parent, Context& context) {
  auto options = std::make_shared<DevOptions>();
  auto& command = add_command(
      parent,
      {.name = "dev",
       .purpose = "Run the agent of this directory now: embedded identity and policy, "
                  "nothing else installed",
       .examples = {"agentweave dev", "agentweave dev --drill opa-down,svid-expire,ca-rotate",
                    "agentweave dev --drill clock-skew,federation-split,restart -o json"},
       .details = "Serves a SPIFFE Workload API on a unix socket that any SPIFFE client of "
                  "this user may use.\n\n"
                  "With --drill it runs on free ports in a directory of its own, brings "
                  "each fault about, says what a caller sees,\nand ends: exit 0 when the "
                  "agent behaved in all of them, 1 otherwise.\nDrills: opa-down, "
                  "svid-expire, identity-withdrawn, ca-rotate, clock-skew, "
                  "federation-split, restart."});
  command.add_option("CONFIG", options->file, "The configuration file (default: config.dev.yaml)")
      ->type_name("FILE");
  command.add_option("--socket", options->socket, "Where the Workload API listens");
  command
      .add_option("--drill", options->drills,
                  "Let these go wrong, one after the other, and see what happens; comma-separated")
      ->type_name("DRILLS")
      ->delimiter(',');
  command
      .add_option("--set", options->settings, "Set one key, over environment and file: KEY=VALUE")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  on_answer(command, context, [options, &context] { return run_dev(*options, context); });
}

}  // namespace aw::commands
