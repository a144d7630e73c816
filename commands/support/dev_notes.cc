// SPDX-License-Identifier: Apache-2.0
#include "commands/support/dev_notes.h"

#include <algorithm>

#include "commands/support/authorizer.h"
#include "commands/support/decisions.h"

namespace aw::commands {
namespace {

// The same question to the same files: which rule came closest.
std::string closest(AgentSession const& session, std::string const& action,
                    Context const& context) {
  PolicyOptions options;
  options.config = session.dev_agent()->config;
  options.environment = "development";
  auto const source = policy_source(options, context);
  if (!source.ok()) return {};
  auto const authorizer = CommandAuthorizer::open(source->config, context);
  if (!authorizer.ok()) return {};
  authz::AuthzContext const question{.caller = session.self(),
                                     .callee = session.peer().id,
                                     .action = action,
                                     .time = context.clock.now()};
  auto const explanation = (*authorizer)->explain(question);
  return explanation.decision.allowed() ? std::string() : authz::closest_rule(explanation);
}

}  // namespace

void complete_notes(AgentSession const& session, std::string const& action, Context const& context,
                    a2a::DecisionNotes& decision) {
  if (!session.dev_agent() || decision.id.empty()) return;
  auto const recent = fetch_decisions(session.dev_agent()->admin, std::chrono::seconds(1));
  if (!recent.ok()) return;
  auto const found = std::ranges::find(*recent, decision.id, &DecisionRecord::id);
  if (found == recent->end()) return;
  if (decision.rule.empty()) decision.rule = found->rule;
  if (!decision.duration) decision.duration = found->duration;
  if (found->verdict == authz::Verdict::deny && decision.hint.empty()) {
    decision.hint = closest(session, action, context);
  }
}

}  // namespace aw::commands
