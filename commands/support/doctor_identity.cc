// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "commands/support/diagnosis.h"
#include "commands/support/workload.h"
#include "core/base/log.h"
#include "core/identity/first_snapshot.h"
#include "core/identity/peer.h"
#include "core/identity/workload_endpoint.h"
#include "core/runtime/make_identity.h"

namespace aw::commands {
namespace {

constexpr char kIdentityGroup[] = "identity";
constexpr int kOverduePercent = 35;  // issuers renew at half a life

std::string expected_id(config::Config const& config) {
  if (!config.identity.spiffe_id.empty()) return config.identity.spiffe_id;
  return "spiffe://" + config.agent.trust_domain + "/agent/" + config.agent.name;
}

// The registration that would let this very process have its identity, for the person at the SPIRE
// server. The parent is that of the agent on this node, which only the server knows.
std::string entry_line(config::Config const& config) {
  return "spire-server entry create -spiffeID " + expected_id(config) + " -parentID spiffe://" +
         config.agent.trust_domain +
         "/spire/agent/NODE -selector unix:uid:" + std::to_string(::geteuid()) +
         "   (own selectors: unix:uid:" + std::to_string(::geteuid()) +
         " unix:gid:" + std::to_string(::getegid()) + "; NODE: spire-server agent list)";
}

// Why nobody can be at the socket, before anybody is asked. Nothing = somebody may be.
std::optional<Finding> dead_socket(identity::WorkloadEndpoint const& endpoint) {
  if (endpoint.kind() != identity::WorkloadEndpoint::Kind::unix_socket) return std::nullopt;
  struct stat info{};
  if (::stat(endpoint.path().c_str(), &info) != 0) {
    bool const absent = errno == ENOENT;
    return bad(kIdentityGroup, Code::workload_api_unreachable,
               "no Workload API at " + endpoint.path() + ": " + std::strerror(errno),
               absent ? "start the SPIRE agent on this machine, or say where its socket is: "
                        "identity.spiffe_endpoint"
                      : "let this user reach it: namei -l " + endpoint.path());
  }
  if (!S_ISSOCK(info.st_mode))
    return bad(kIdentityGroup, Code::workload_api_unreachable, endpoint.path() + " is no socket",
               "identity.spiffe_endpoint names the SPIRE agent's socket");
  if (::access(endpoint.path().c_str(), W_OK) != 0)
    return bad(kIdentityGroup, Code::workload_api_unreachable,
               "this user may not use " + endpoint.path() + ": " + std::strerror(errno),
               "run as a user that may, or widen the socket's mode");
  return std::nullopt;
}

Finding why_no_identity(Error const& error, config::Config const& config) {
  switch (error.code) {
    case Code::workload_api_denied:
    case Code::no_svid:
      return bad(kIdentityGroup, error.code,
                 "the Workload API answers, and knows no identity for this process (no "
                 "registration entry matches it, or the SPIRE agent cannot reach its server)",
                 entry_line(config));
    case Code::workload_api_unreachable:
      return bad(kIdentityGroup, error.code, error.message,
                 "nobody answers at the socket: is the SPIRE agent running?");
    default:
      return bad(kIdentityGroup, error, "agentweave svid show");
  }
}

void look_at_svid(identity::Snapshot const& snapshot, Patient const& patient, Findings& found) {
  auto const view = view_of(snapshot.svid(), snapshot.bundles, patient.context.clock.now());
  auto const line = one_line(view, patient.context);
  if (view.not_before > patient.context.clock.now())
    return found.push_back(bad("clock", Code::svid_malformed,
                               "the SVID is valid from " + format_rfc3339(view.not_before) +
                                   ", which is in the future here: one of the clocks is wrong",
                               "timedatectl status; date -u"));
  if (view.left_percent == 0)
    return found.push_back(bad(kIdentityGroup, Code::svid_expired, "expired: " + line,
                               "the SPIRE agent gets no new one: look at its log"));
  if (view.issuer.empty())
    return found.push_back(bad(kIdentityGroup, Code::no_bundle,
                               "nothing in the bundle signs our own SVID: " + line,
                               "the SPIRE agent's bundle is stale: restart it"));
  if (view.left_percent < kOverduePercent)
    found.push_back(warned(kIdentityGroup, Code::svid_expired, "rotation is overdue: " + line,
                           "the SPIRE agent may not reach its server: look at its log"));
  else
    found.push_back(good(kIdentityGroup, line));
  auto const expected = patient.config.identity.spiffe_id;
  if (!expected.empty() && expected != view.id)
    found.push_back(warned(kIdentityGroup, Code::peer_mismatch,
                           "the SVID says " + view.id + ", the configuration expects " + expected,
                           "change identity.spiffe_id, or the registration entry"));
  if (snapshot.svid().id.trust_domain().name() != patient.config.agent.trust_domain)
    found.push_back(bad(kIdentityGroup, Code::peer_mismatch,
                        "the SVID is of trust domain " + snapshot.svid().id.trust_domain().name() +
                            ", agent.trust_domain is " + patient.config.agent.trust_domain,
                        "agent.trust_domain: " + snapshot.svid().id.trust_domain().name()));
}

void look_at_bundles(identity::Snapshot const& snapshot, Patient const& patient, Findings& found) {
  std::vector<std::string> known;
  for (auto const& [domain, bundle] : snapshot.bundles) known.push_back(domain.name());
  auto const missing = config::check_bundles(patient.loaded, known);
  for (auto const& one : missing)
    found.push_back(warned("bundles", one.code, one.message + "  (" + one.place.text() + ')',
                           one.hint.empty() ? "spire-server federation create …" : one.hint));
  if (missing.empty())
    found.push_back(good("bundles", std::to_string(known.size()) +
                                        " known; federated: " + federated_text(snapshot)));
}

}  // namespace

Findings check_identity(Patient const& patient) {
  auto const& config = patient.config;
  if (config.identity.provider == identity::Provider::dev)
    return {warned(kIdentityGroup, Code::insecure_in_production,
                   "the development issuer: keys and authority live in the agent's memory only",
                   "identity.provider: spiffe")};
  Findings found;
  if (config.identity.provider == identity::Provider::spiffe) {
    auto const endpoint = identity::WorkloadEndpoint::parse(config.identity.spiffe_endpoint);
    if (!endpoint.ok()) return {bad(kIdentityGroup, endpoint.error(), "identity.spiffe_endpoint")};
    if (auto const dead = dead_socket(*endpoint)) return {*dead};
  }
  auto const silent = log::Log::silent();
  auto const provider = runtime::make_identity_provider(config, patient.context.clock, *silent);
  if (!provider.ok()) return {bad(kIdentityGroup, provider.error(), "agentweave config validate")};
  io::Watch<identity::Snapshot> watch;
  if (auto const started = (*provider)->start(watch); !started.ok())
    return {bad(kIdentityGroup, started.error(), "agentweave config validate")};
  auto const first = identity::wait_first_snapshot(watch, **provider, patient.patience,
                                                   patient.context.interrupt());
  (*provider)->stop();
  if (!first.ok()) return {why_no_identity(first.error(), config)};
  look_at_svid(**first, patient, found);
  look_at_bundles(**first, patient, found);
  return found;
}

}  // namespace aw::commands
