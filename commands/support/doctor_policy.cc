// SPDX-License-Identifier: Apache-2.0
#include "commands/config_policy.h"
#include "commands/support/authorizer.h"
#include "commands/support/diagnosis.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr char kPolicyGroup[] = "policy";

void look_at_embedded(Patient const& patient, Findings& found) {
  auto const opened = CommandAuthorizer::open(patient.config.authorization, patient.context);
  if (!opened.ok())
    return found.push_back(bad(kPolicyGroup, opened.error(), "agentweave policy check"));
  // Opening ran the tests beside it, as `serve` does: a policy whose tests fail is not taken.
  auto const& directory = patient.config.authorization.policy_dir;
  if (directory.empty()) return found.push_back(good(kPolicyGroup, "the bundle loads"));
  ConfigReport report;
  check_policies(directory, patient.context.clock, report);
  auto const numbers = report.policy.value_or(ConfigReport::Policy{});
  found.push_back(good(kPolicyGroup, std::to_string(numbers.rules) + " rules, " +
                                         std::to_string(numbers.tests) + " tests pass"));
}

// Each endpoint alone, with a question of no consequence: any answer is an answer.
std::optional<std::string> silence_of(std::string const& endpoint, Patient const& patient) {
  auto one = patient.config.authorization;
  one.opa_endpoints = {endpoint};
  one.timeout = patient.patience;
  one.cache.ttl = {};
  auto const opened = CommandAuthorizer::open(one, patient.context);
  if (!opened.ok()) return opened.error().message;
  auto const self = identity::SpiffeId::parse("spiffe://" + patient.config.agent.trust_domain +
                                              "/agent/" + patient.config.agent.name);
  if (!self.ok()) return self.error().message;
  auto const answer = (*opened)->explain({.caller = *self,
                                          .callee = *self,
                                          .action = "doctor",
                                          .direction = authz::Direction::inbound,
                                          .time = patient.context.clock.now(),
                                          .context_json = "{}"});
  auto const code = answer.decision.code;
  if (code == Code::pdp_unavailable || code == Code::decision_timeout)
    return answer.decision.reason.empty() ? code_name(code) : std::string(answer.decision.reason);
  return std::nullopt;
}

void look_at_remote(Patient const& patient, Findings& found) {
  auto const& endpoints = patient.config.authorization.opa_endpoints;
  std::size_t answering = 0;
  std::string first;
  for (auto const& endpoint : endpoints) {
    auto const why = silence_of(endpoint, patient);
    if (!why)
      ++answering;
    else if (first.empty())
      first = endpoint + ": " + *why;
  }
  auto const count = std::to_string(answering) + " of " + std::to_string(endpoints.size()) +
                     " OPA endpoints answer";
  if (answering == endpoints.size()) return found.push_back(good(kPolicyGroup, count));
  auto const text = count + " (first: " + first + ')';
  auto const fix = "start OPA there, or change authorization.opa_endpoints";
  found.push_back(answering == 0 ? bad(kPolicyGroup, Code::pdp_unavailable, text, fix)
                                 : warned(kPolicyGroup, Code::pdp_unavailable, text, fix));
  if (answering == 0 && !patient.config.server.readiness.require_pdp)
    found.push_back(warned(kPolicyGroup, Code::pdp_unavailable,
                           "readiness stays up by policy while every request is answered 503 "
                           "(readiness.require_pdp=false)",
                           "server.readiness.require_pdp: true, to be taken out of rotation"));
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
