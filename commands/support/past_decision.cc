// SPDX-License-Identifier: Apache-2.0
#include "commands/support/past_decision.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "commands/support/dev_directory.h"
#include "commands/support/explanation.h"
#include "commands/support/kept.h"
#include "core/authz/input.h"
#include "core/base/code.h"
#include "core/base/text.h"
#include "core/server/decision_fields.h"

namespace aw::commands {
namespace {

using decisions::Number;
using decisions::Text;

std::vector<KeptOptions> places(AdminOptions const& where, std::string const& state,
                                Context const& context) {
  std::vector<KeptOptions> out;
  if (!state.empty() || !where.config.empty()) {
    out.push_back({.config = where.config, .state = state});
    return out;
  }
  for (auto const& agent : dev_agents(context))
    out.push_back({.config = agent.config, .state = {}});
  if (out.empty()) out.push_back({});
  return out;
}

std::string shadow_words(decisions::Entry const& entry) {
  if (entry.text(Text::shadow).empty()) return {};
  auto const shadow = json::parse(entry.text(Text::shadow));
  if (!shadow.ok() || !shadow->is_object()) return {};
  auto const says = shadow->value("says", "");
  auto const reason = shadow->value("reason", "");
  if (says == "agreed") return ", shadow policy agreed";
  if (says == "error") return ", shadow policy failed (" + reason + ")";
  return ", shadow policy " + std::string(says == "would_deny" ? "would deny" : "would allow") +
         " (" + reason + ")";
}

std::string verdict_words(PastDecision const& past) {
  if (!past.explanation) return "decided";
  bool const then = past.entry.allowed() && !past.entry.flag(decisions::kWouldDeny);
  if (past.explanation->decision.allowed() == then) return "same decision";
  return past.entry.text(Text::erased).empty() ? "another decision than then"
                                               : "another decision: its input is masked";
}

}  // namespace

Result<std::optional<PastDecision>> find_past(std::string const& id, AdminOptions const& where,
                                              std::string const& state, Context const& context) {
  for (auto const& place : places(where, state, context)) {
    auto reader = open_kept(place, context);
    // None here, or not ours to read: the agent's admin port may still tell.
    if (!reader.ok() && state.empty()) continue;
    if (!reader.ok()) return reader.error();
    auto entry = reader->find(id);
    if (!entry.ok() && entry.error().code == Code::not_found) continue;
    AW_TRY(auto found, std::move(entry));
    AW_TRY(auto past, server::explain_past(std::move(found), *reader, context.clock));
    return std::optional(std::move(past));
  }
  return std::optional<PastDecision>();
}

DecisionRecord record_of(decisions::Entry const& entry) {
  auto const code = entry.number(Number::code);
  return {.id = entry.text(Text::id),
          .time = format_rfc3339(entry.time()),
          .caller = entry.text(Text::caller),
          .target = entry.text(Text::callee),
          .action = entry.text(Text::action),
          .reason = entry.text(Text::reason),
          .rule = entry.text(Text::rule),
          .code = code == 0 ? std::string() : code_name(static_cast<Code>(code)),
          .decided_by = entry.text(Text::decided_by),
          .policy_digest = entry.text(Text::policy_digest),
          .method = entry.text(Text::method),
          .remote_address = entry.text(Text::remote_address),
          .enforced_at = {},
          .config = {},
          .verdict = entry.allowed() ? authz::Verdict::allow : authz::Verdict::deny,
          .duration =
              std::chrono::nanoseconds(static_cast<std::int64_t>(entry.number(Number::duration)))};
}

json::Json past_json(PastDecision const& past) {
  auto out = record_json(record_of(past.entry));
  out["gate"] = past.entry.text(Text::gate);
  if (auto input = json::parse(server::input_of(past.entry)); input.ok()) {
    out["input"] = std::move(*input);
  }
  if (auto shadow = json::parse(past.entry.text(Text::shadow)); shadow.ok()) {
    out["shadow"] = std::move(*shadow);
  }
  if (past.explanation) out["then"] = authz::explanation_json(*past.explanation);
  if (!past.unexplained.empty()) out["unexplained"] = past.unexplained;
  return out;
}

void write_past(std::ostream& out, PastDecision const& past, Context const& context) {
  auto const& entry = past.entry;
  auto line = verdict_words(past) + ", " + format_rfc3339(entry.time());
  auto const& callee = entry.text(Text::callee);
  line += ", enforced at " + callee.substr(callee.rfind('/') + 1);
  auto const peer = authz::address_without_port(entry.text(Text::remote_address));
  if (!peer.empty()) line += ", peer " + std::string(peer);
  out << text::printable(line + shadow_words(entry)) << '\n';
  if (!entry.allowed()) {
    out << "  gate     " << entry.text(Text::gate);
    if (auto const code = entry.number(Number::code); code != 0) {
      out << ": " << code_info(static_cast<Code>(code)).title;
    }
    out << '\n';
  }
  if (!past.unexplained.empty()) out << "  " << text::printable(past.unexplained) << '\n';
  if (past.explanation) {
    out << authz::explanation_text(*past.explanation, explanation_paint(context)) << '\n';
  }
}

}  // namespace aw::commands
