// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "commands/support/authorizer.h"
#include "commands/support/diagnosis.h"
#include "core/authz/bundle_poller.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr char kPolicyGroup[] = "policy";

// Opening asked the bundle service once; a bundle that was kept is used by `serve` only.
void look_at_bundle(authz::ProviderStatus const& status, Patient const& patient, Findings& found) {
  auto const& url = patient.config.authorization.bundle.url;
  if (url.empty() || status.state != authz::ProviderStatus::State::unavailable)
    return found.push_back(good(kPolicyGroup, "the bundle loads"));
  std::error_code error;
  auto const& state = patient.config.server.state.directory;
  bool const kept = !state.empty() && std::filesystem::exists(
                                          std::filesystem::path(state) / authz::kKeptBundle, error);
  auto const why = status.last_error.empty() ? "" : " (" + status.last_error + ')';
  auto const fix = "look at the service, or change authorization.bundle.url";
  found.push_back(
      kept ? warned(kPolicyGroup, Code::pdp_unavailable,
                    "no bundle from " + url + why + ": the last good one is used", fix)
           : bad(kPolicyGroup, Code::pdp_unavailable,
                 "no bundle from " + url + why + ": every request is denied until one comes", fix));
}

void look_at_embedded(Patient const& patient, Findings& found) {
  auto const opened = CommandAuthorizer::open(patient.config.authorization, patient.context);
  if (!opened.ok())
    return found.push_back(bad(kPolicyGroup, opened.error(), "agentweave policy check"));
  // Opening ran the tests beside it, as `serve` does: a policy whose tests fail is not taken.
  auto const status = (*opened)->status();
  if (patient.config.authorization.policy_dir.empty())
    return look_at_bundle(status, patient, found);
  found.push_back(good(kPolicyGroup, std::to_string(status.rules) + " rules, " +
                                         std::to_string(status.tests) + " tests pass"));
}

// OPA's trace of a question says which rules it looked up, if there are any at the path, and
// leaves the query when there is data. Neither: nothing is loaded there. Untraced: unknown.
bool nothing_there(rego::Value const& events) {
  auto const tells = [](rego::Value const& event) {
    return event.as_string().find("Index ") != std::string_view::npos ||
           event.as_string().find("Exit ") != std::string_view::npos;
  };
  return events.size() > 0 && std::ranges::none_of(events.items(), tells);
}

struct Consulted {
  std::string silence;  // why nobody decided; empty = somebody did
  bool policy = true;   // what is asked for is loaded there
};

Consulted silent(std::string why) { return {.silence = std::move(why)}; }

// One endpoint alone, with a question of no consequence: any answer is an answer.
Consulted ask_endpoint(std::string const& endpoint, Patient const& patient) {
  auto one = patient.config.authorization;
  one.opa_endpoints = {endpoint};
  one.timeout = patient.patience;
  one.cache.ttl = {};
  auto const opened = CommandAuthorizer::open(one, patient.context);
  if (!opened.ok()) return silent(opened.error().message);
  auto const self = identity::SpiffeId::parse("spiffe://" + patient.config.agent.trust_domain +
                                              "/agent/" + patient.config.agent.name);
  if (!self.ok()) return silent(self.error().message);
  auto const answer = (*opened)->explain({.caller = *self,
                                          .callee = *self,
                                          .action = "doctor",
                                          .direction = authz::Direction::inbound,
                                          .time = patient.context.clock.now(),
                                          .context_json = "{}"});
  auto const code = answer.decision.code;
  bool const undecided = code == Code::pdp_unavailable || code == Code::decision_timeout;
  if (!undecided) return {.silence = {}, .policy = !nothing_there(answer.opa_events)};
  if (auto why = (*opened)->status().last_error; !why.empty()) return silent(std::move(why));
  return silent(answer.decision.reason.empty() ? code_name(code) : answer.decision.reason);
}

// A status is the answer of somebody who is there: what it says is about us.
std::string silence_fix(std::string const& why) {
  if (why.find("status 401") != std::string::npos || why.find("status 403") != std::string::npos)
    return "OPA refuses us: authorization.opa_token, or OPA's own system.authz policy";
  return "start OPA there, or change authorization.opa_endpoints";
}

void look_at_silence(std::size_t answering, std::string const& first, Patient const& patient,
                     Findings& found) {
  auto const total = patient.config.authorization.opa_endpoints.size();
  auto const count =
      std::to_string(answering) + " of " + std::to_string(total) + " OPA endpoints answer";
  if (answering == total) return found.push_back(good(kPolicyGroup, count));
  auto const text = count + " (first: " + first + ')';
  auto const fix = silence_fix(first);
  found.push_back(answering == 0 ? bad(kPolicyGroup, Code::pdp_unavailable, text, fix)
                                 : warned(kPolicyGroup, Code::pdp_unavailable, text, fix));
  if (answering == 0 && !patient.config.server.readiness.require_pdp)
    found.push_back(warned(kPolicyGroup, Code::pdp_unavailable,
                           "readiness stays up by policy while every request is answered 503 "
                           "(readiness.require_pdp=false)",
                           "server.readiness.require_pdp: true, to be taken out of rotation"));
}

void look_at_remote(Patient const& patient, Findings& found) {
  auto const& authorization = patient.config.authorization;
  std::size_t answering = 0;
  std::string first;
  for (auto const& endpoint : authorization.opa_endpoints) {
    auto const answer = ask_endpoint(endpoint, patient);
    if (answer.silence.empty())
      ++answering;
    else if (first.empty())
      first = endpoint + ": " + answer.silence;
    if (!answer.policy)
      found.push_back(bad(kPolicyGroup, Code::policy_unreadable,
                          "OPA at " + endpoint + " has no policy at " + authorization.policy_path +
                              ": every request is denied",
                          "load it there (opa run --server DIRECTORY), or change "
                          "authorization.policy_path"));
  }
  look_at_silence(answering, first, patient, found);
}

}  // namespace

Findings check_policy(Patient const& patient) {
  Findings found;
  auto const& authorization = patient.config.authorization;
  if (authorization.provider == authz::Provider::allow_all)
    return {warned(kPolicyGroup, Code::insecure_in_production,
                   "every verified caller may do everything", "authorization.provider: opa")};
  authorization.embedded() ? look_at_embedded(patient, found) : look_at_remote(patient, found);
  return found;
}

}  // namespace aw::commands
