// SPDX-License-Identifier: Apache-2.0
#include "commands/support/workload.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/support/dev_directory.h"
#include "commands/support/options.h"
#include "core/identity/peer.h"
#include "core/identity/workload_fetch.h"

namespace aw::commands {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kDigitsShown = 4;
constexpr int kLowPercent = 25;

// Coarse where nobody needs the rest: "57m", "12s", "3d4h".
std::string coarse(nanoseconds time) {
  if (time < std::chrono::minutes(1))
    return format_duration(std::chrono::floor<std::chrono::seconds>(time));
  return format_duration(std::chrono::floor<std::chrono::minutes>(time));
}

// "4f…e1": a leaf changes often, both ends tell two apart at a glance.
std::string ends_of(std::string const& hex) {
  return hex.substr(0, 2) + "…" + hex.substr(hex.size() - 2);
}

std::int64_t seconds_of(nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

void add_workload_options(CLI::App& command, WorkloadOptions& options) {
  command.add_option("--socket", options.socket,
                     "Workload API address, unix:///path or tcp://IP:PORT; without it "
                     "SPIFFE_ENDPOINT_SOCKET, then "
                     "`agentweave dev`'s, then SPIRE's usual one");
  add_duration(command, "-t,--timeout", options.timeout, "How long to wait for the Workload API");
}

Result<identity::WorkloadEndpoint> workload_endpoint(WorkloadOptions const& options,
                                                     Context const& context) {
  auto address = options.socket;
  if (address.empty()) {
    AW_TRY(address, default_workload_address(context));
  }
  auto endpoint = address.starts_with('/') ? identity::WorkloadEndpoint::at_path(address)
                                           : identity::WorkloadEndpoint::parse(address);
  if (endpoint.ok()) return endpoint;
  return make_error(Code::usage, endpoint.error().message, endpoint.error().hint);
}

Result<identity::Snapshot> current_state(WorkloadOptions const& options, Context const& context) {
  AW_TRY(auto const endpoint, workload_endpoint(options, context));
  return identity::fetch_snapshot(endpoint, options.timeout, context.clock.now());
}

SvidView view_of(identity::Svid const& svid, identity::Bundles const& bundles, WallTime now) {
  auto const life = svid.not_after() - svid.not_before();
  SvidView view{.id = svid.id.text(),
                .hint = svid.hint,
                .leaf = svid.leaf().fingerprint_sha256(),
                .not_before = svid.not_before(),
                .not_after = svid.not_after()};
  view.left = std::max(nanoseconds::zero(), nanoseconds(svid.not_after() - now));
  view.until_rotation =
      std::max(nanoseconds::zero(), nanoseconds(svid.not_before() + life / 2 - now));
  if (life > nanoseconds::zero())
    view.left_percent = static_cast<int>(std::min<std::int64_t>(
        100, 100 * seconds_of(view.left) / std::max<std::int64_t>(1, seconds_of(life))));
  // At its own first moment: an expired SVID has an issuer too.
  auto const verified =
      identity::verify_peer(svid.chain, bundles, {svid.id.trust_domain()},
                            std::min(now, svid.not_after() - std::chrono::seconds(1)));
  if (verified.ok()) view.issuer = verified->chain.back().fingerprint_sha256();
  return view;
}

json::Json to_json(SvidView const& view) {
  return {{"spiffe_id", view.id},
          {"hint", view.hint},
          {"fingerprint_sha256", view.leaf},
          {"issuer_fingerprint_sha256", view.issuer},
          {"trusted", !view.issuer.empty()},
          {"not_before", format_rfc3339(view.not_before)},
          {"not_after", format_rfc3339(view.not_after)},
          {"left_seconds", seconds_of(view.left)},
          {"left_percent", view.left_percent},
          {"rotation_in_seconds", seconds_of(view.until_rotation)}};
}

json::Json to_json(identity::Bundle const& bundle) {
  json::Json authorities = json::Json::array();
  for (auto const& authority : bundle.x509_authorities()) {
    authorities.push_back({{"fingerprint_sha256", authority.fingerprint_sha256()},
                           {"subject", authority.subject()},
                           {"public_key", authority.public_key()},
                           {"not_after", format_rfc3339(authority.not_after())}});
  }
  json::Json keys = json::Json::array();
  for (auto const& authority : bundle.jwt_authorities()) keys.push_back(authority.key_id);
  json::Json out = {{"trust_domain", bundle.trust_domain().name()},
                    {"x509_authorities", std::move(authorities)},
                    {"jwt_key_ids", std::move(keys)}};
  out["sequence"] = bundle.sequence() ? json::Json(*bundle.sequence()) : json::Json();
  return out;
}

std::string short_fingerprint(std::string const& hex) {
  return hex.empty() ? "none" : hex.substr(0, kDigitsShown) + "…";
}

std::string one_line(SvidView const& view, Context const& context) {
  auto const left = "left " + coarse(view.left) + " (" + std::to_string(view.left_percent) + "%)";
  auto const style = view.left_percent == 0            ? Style::bad
                     : view.left_percent < kLowPercent ? Style::warning
                                                       : Style::plain;
  auto const issuer = view.issuer.empty() ? context.paint_out(Style::bad, "not in the bundle!")
                                          : short_fingerprint(view.issuer);
  auto const rotation =
      view.until_rotation > nanoseconds::zero() ? "in " + coarse(view.until_rotation) : "due";
  return context.paint_out(Style::bold, view.id) + "   leaf " + ends_of(view.leaf) + "   issuer " +
         issuer + "   " + context.paint_out(style, left) + "   next rotation " + rotation;
}

std::string federated_text(identity::Snapshot const& snapshot) {
  std::string out;
  for (auto const& [domain, bundle] : snapshot.bundles) {
    if (snapshot.has_identity() && domain == snapshot.svid().id.trust_domain()) continue;
    auto const count = bundle.x509_authorities().size();
    out += (out.empty() ? "" : ", ") + domain.name() + " (" + std::to_string(count) +
           (count == 1 ? " CA)" : " CAs)");
  }
  return out.empty() ? "none" : out;
}

}  // namespace aw::commands
