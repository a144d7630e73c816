// SPDX-License-Identifier: Apache-2.0
#include "commands/support/dev_notes.h"

#include <algorithm>
#include <optional>

#include "commands/support/authorizer.h"
#include "commands/support/decisions.h"

namespace aw::commands {
namespace {

// The same question to the same files, this time with the reasons.
std::optional<authz::Explanation> ask_again(AgentSession const& session, std::string const& action,
                                            Context const& context) {
  PolicyOptions options;
  options.config = session.dev_agent()->config;
  options.environment = "development";
  auto const source = policy_source(options, context);
  if (!source.ok()) return std::nullopt;
  auto const authorizer = CommandAuthorizer::open(source->config, context);
  if (!authorizer.ok()) return std::nullopt;
  return (*authorizer)
      ->explain({.caller = session.self(),
                 .callee = session.peer().id,
                 .action = action,
                 .time = context.clock.now()});
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
  auto const again = ask_again(session, action, context);
  // Another answer now means that the policy changed in between: then its reasons are not ours.
  if (!again || again->decision.verdict != found->verdict) return;
  if (decision.rule.empty()) decision.rule = again->decision.rule;
  if (!again->decision.allowed() && decision.hint.empty()) {
    decision.hint = authz::closest_rule(*again);
  }
}

}  // namespace aw::commands
