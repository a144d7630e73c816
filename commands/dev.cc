// SPDX-License-Identifier: Apache-2.0
// `agentweave dev`: the agent of this directory, with nothing else installed: embedded identity and
// policy, loopback only.
#include "commands/dev.h"

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/dev_directory.h"
#include "commands/support/serving.h"
#include "core/base/text.h"
#include "core/identity/dev_provider.h"

namespace aw::commands {
namespace {

struct DevOptions {
  std::string file;
  std::string socket;
  std::vector<std::string> drills;
  std::vector<std::string> settings;
};

constexpr std::array<std::string_view, 3> kDrills = {"ca-rotate", "svid-expire",
                                                     "identity-withdrawn"};

Result<void> run_drill(std::string_view name, identity::DevIssuer& issuer) {
  if (name == "ca-rotate") return issuer.rotate_ca();
  if (name == "svid-expire") return issuer.let_expire(std::chrono::seconds(20));
  if (name == "identity-withdrawn") return issuer.withdraw();
  return make_error(Code::usage, "no such drill: " + std::string(name),
                    "ca-rotate, svid-expire, identity-withdrawn");
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

Result<void> run_dev(DevOptions const& options, Context& context) {
  for (auto const& drill : options.drills) {
    if (std::ranges::find(kDrills, std::string_view(drill)) == kDrills.end()) {
      auto const meant = text::nearest(drill, kDrills);
      return make_error(Code::usage, "no such drill: " + drill,
                        meant ? "did you mean " + std::string(*meant) + "?"
                              : "ca-rotate, svid-expire, identity-withdrawn");
    }
  }
  auto const socket = options.socket.empty() ? default_dev_socket(context) : options.socket;
  Serving serving;
  serving.request.file = options.file.empty() ? "config.dev.yaml" : options.file;
  serving.request.env = config::lookup_in(context.env);
  serving.request.environment = "development";
  serving.request.overrides = {"identity.provider=dev", "identity.dev.socket=" + socket,
                               "server.host=127.0.0.1", "observability.metrics.host=127.0.0.1"};
  serving.request.overrides.insert(serving.request.overrides.end(), options.settings.begin(),
                                   options.settings.end());
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
    for (auto const& drill : options.drills) {
      auto const begun = issuer == nullptr ? Result<void>() : run_drill(drill, *issuer);
      context.say(begun.ok() ? "drill " + drill + " begun" : begun.error().text());
    }
  };
  return serve_until_stopped(serving, context);
}

}  // namespace

void register_dev(CLI::App& parent, Context& context) {
  auto options = std::make_shared<DevOptions>();
  auto& command = add_command(
      parent, {.name = "dev",
               .purpose = "Run the agent of this directory now: embedded identity and policy, "
                          "nothing else installed",
               .examples = {"agentweave dev", "agentweave dev config.dev.yaml --drill ca-rotate"},
               .details = "Serves a SPIFFE Workload API on a unix socket that any SPIFFE client of "
                          "this user may use.\n"
                          "Drills: ca-rotate, svid-expire (in 20 s), identity-withdrawn."});
  command.add_option("config", options->file, "The configuration file (default: config.dev.yaml)");
  command.add_option("--socket", options->socket, "Where the Workload API listens");
  command
      .add_option("--drill", options->drills,
                  "Let something go wrong, to see what happens; comma-separated")
      ->delimiter(',');
  command
      .add_option("--set", options->settings,
                  "KEY=VALUE, over file and environment; again for more")
      ->allow_extra_args(false);
  on_run(command, context, [options, &context] { return run_dev(*options, context); });
}

}  // namespace aw::commands
