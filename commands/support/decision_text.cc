// SPDX-License-Identifier: Apache-2.0
#include "commands/support/decision_text.h"

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "core/base/text.h"

namespace aw::commands {

std::string milliseconds_text(std::chrono::nanoseconds duration) {
  double const milliseconds = std::chrono::duration<double, std::milli>(duration).count();
  int const decimals = milliseconds < 1 ? 2 : milliseconds < 100 ? 1 : 0;
  std::array<char, 32> out{};
  int const size = std::snprintf(out.data(), out.size(), "%.*f ms", decimals, milliseconds);
  return {out.data(), static_cast<std::size_t>(size)};
}

void say_allowed(Context& context, a2a::DecisionNotes const& decision,
                 std::chrono::nanoseconds took) {
  std::string line = context.paint_err(Style::good, "allowed");
  if (!decision.rule.empty()) line += "  rule " + text::printable(decision.rule);
  if (!decision.id.empty()) line += "  decision " + text::printable(decision.id);
  line += "  " + milliseconds_text(took);
  if (decision.duration) line += " (policy " + milliseconds_text(*decision.duration) + ")";
  context.say(line);
}

Result<Exit> say_denied(Context& context, Error error, Denied const& what,
                        a2a::DecisionNotes const& decision) {
  bool const by_policy = error.code == Code::denied_by_policy;
  if (by_policy) error.message = "no rule allows action \"" + what.action + "\" for " + what.caller;
  std::string const next = by_policy && !decision.id.empty()
                               ? "agentweave authz explain " + decision.id
                               : "agentweave explain " + code_name(error.code);
  if (context.machine_readable()) {
    if (!decision.hint.empty()) error = std::move(error).with("decision_hint", decision.hint);
    if (error.hint.empty()) error.hint = next;
    return std::move(error)
        .with("caller", what.caller)
        .with("target", what.target)
        .with("action", what.action);
  }
  context.err << context.paint_err(Style::bad, "denied") << "   " << code_name(error.code) << ' '
              << text::printable(error.message) << '\n';
  if (!decision.hint.empty()) context.say("         " + text::printable(decision.hint));
  context.say("next:    " + text::printable(next));
  return exit_code(error.code);
}

json::Json decision_json(a2a::DecisionNotes const& decision) {
  json::Json out = {{"id", decision.id}};
  if (!decision.rule.empty()) out["rule"] = decision.rule;
  if (!decision.hint.empty()) out["hint"] = decision.hint;
  if (decision.duration) {
    out["policy_ms"] = std::chrono::duration<double, std::milli>(*decision.duration).count();
  }
  return out;
}

}  // namespace aw::commands
